/**
 * What `npm test` runs: vitest, then one last line that people and machines can read, `120 passed, 0 failed, 2 skipped`.
 * Arguments go to vitest: `npm test -- test/wire -t 'a name'`. It fails where a test failed, where none ran, and where
 * vitest itself broke down: each of those counts as failed.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.dirname(here)
const args = process.argv.slice(2)

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-test-'))
const file = path.join(scratch, 'tally.json')
try {
  const ended = await vitest({ ...process.env, RINGFENCE_TALLY: file })
  process.exitCode = report(readTally(), ended)
} finally {
  fs.rmSync(scratch, { recursive: true, force: true })
}

function vitest(env) {
  const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
  reporters.push(`--reporter=${path.join(here, 'support', 'tally.mjs')}`)
  const program = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, 'run', ...args, ...reporters], {
      cwd: root,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.on('error', (error) => resolve(error.message))
    child.on('close', (status, signal) => resolve(signal ?? status))
  })
}

function readTally() {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

function report(tally, ended) {
  const { passed, skipped, broken } = tally ?? { passed: 0, skipped: [], broken: ['vitest ended before it had a result'] }
  const failures = tally?.failed ?? 0
  if (failures + broken.length === 0 && passed === 0) broken.push('no test ran')
  if (failures + broken.length === 0 && ended !== 0) broken.push(`vitest ended with ${ended}, although no test failed`)
  for (const what of broken) console.log(`BROKEN ${what}`)
  const failed = failures + broken.length
  // A name pattern skips every other test: that is what was asked for.
  const asked = args.some((arg) => arg.startsWith('-t') || arg.startsWith('--testNamePattern'))
  if (!asked) for (const { name, why } of skipped) console.log(`SKIPPED ${name}: ${why}`)
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return passed > 0 && failed === 0 ? 0 : 1
}
