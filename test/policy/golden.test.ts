/** Broken policy files → the exact text that their operator is told. `UPDATE_GOLDEN=1` rewrites the texts: read them, then. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ConfigErrors } from '../../src/model/errors.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import type { Library } from '../../src/policy/library.ts'
import { madeUpApps } from './made-up.ts'
import { someGroups } from './words.ts'

const folder = path.join(import.meta.dirname, 'golden')
const { UPDATE_GOLDEN: update } = process.env

const names = fs
  .readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''))

/** Policies that others extend stand in `golden/extended`, and have no text of their own. */
const library: Library = {
  apps: madeUpApps,
  groups: someGroups,
  find(name, from) {
    const file = path.join(path.dirname(from), name)
    if (fs.existsSync(path.join(folder, file))) return { text: fs.readFileSync(path.join(folder, file), 'utf8'), file, name }
    return { problem: name.includes('.') ? `${file}: there is no such file` : `there is no policy pack "${name}"` }
  },
}

/** What `ringfence policy check` would print of a file. */
function complaint(text: string, file: string): string {
  try {
    compilePolicy(text, file, file, library)
  } catch (error) {
    if (error instanceof ConfigErrors) return `${error.message}\n`
    throw error
  }
  return 'nothing\n'
}

test.each(names)('%s', (name) => {
  const told = complaint(fs.readFileSync(path.join(folder, `${name}.yaml`), 'utf8'), `${name}.yaml`)
  const golden = path.join(folder, `${name}.txt`)
  if (update === '1') fs.writeFileSync(golden, told)
  expect(told).toBe(fs.readFileSync(golden, 'utf8'))
  expect(told).not.toBe('nothing\n')
})

test('every golden text belongs to a file', () => {
  const texts = fs.readdirSync(folder).filter((file) => file.endsWith('.txt'))
  expect(texts.map((file) => file.replace(/\.txt$/, '')).sort()).toEqual([...names].sort())
})
