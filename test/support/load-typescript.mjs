/**
 * Lets Node run TypeScript as it stands, by stripping types on the way in: `node --import ./test/support/load-typescript.mjs x.ts`.
 * Modules stay native ones, unlike under vitest, whose rewritten imports would be measured along with the code. What was
 * stripped once is kept: loading the compiler takes longer than all else that a short thread does.
 */
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { register } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// Node loads this file a second time, in the thread of the hooks; every other thread that it is imported into registers them.
if (!import.meta.url.endsWith('?hooks')) register(`${import.meta.url}?hooks`)

const kept = path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'stripped')

export async function load(url, context, next) {
  if (!/^file:.*\.ts$/.test(url)) return next(url, context)
  const fileName = fileURLToPath(url)
  const text = fs.readFileSync(fileName, 'utf8')
  const place = path.join(kept, createHash('sha256').update(`${fileName}\n${text}`).digest('hex'))
  return { format: 'module', source: read(place) ?? (await strip(fileName, text, place)), shortCircuit: true }
}

function read(place) {
  try {
    return fs.readFileSync(place, 'utf8')
  } catch {
    return null
  }
}

async function strip(fileName, text, place) {
  const { default: ts } = await import('typescript')
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  }
  const { outputText } = ts.transpileModule(text, { fileName, compilerOptions })
  const fresh = `${place}.${randomBytes(4).toString('hex')}`
  fs.mkdirSync(kept, { recursive: true })
  fs.writeFileSync(fresh, outputText)
  fs.renameSync(fresh, place)
  return outputText
}
