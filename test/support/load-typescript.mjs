/**
 * Lets Node run TypeScript as it stands, by stripping types on the way in: `node --import ./test/support/load-typescript.mjs x.ts`.
 * Modules stay native ones, unlike under vitest, whose rewritten imports would be measured along with the code.
 */
import fs from 'node:fs'
import { register } from 'node:module'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

// Node loads this file a second time, in the thread of the hooks; every other thread that it is imported into registers them.
if (!import.meta.url.endsWith('?hooks')) register(`${import.meta.url}?hooks`)

const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, inlineSourceMap: true }

export async function load(url, context, next) {
  if (!/^file:.*\.ts$/.test(url)) return next(url, context)
  const fileName = fileURLToPath(url)
  const { outputText } = ts.transpileModule(fs.readFileSync(fileName, 'utf8'), { fileName, compilerOptions })
  return { format: 'module', source: outputText, shortCircuit: true }
}
