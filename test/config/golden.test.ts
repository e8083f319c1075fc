/** Broken settings and the exact text that their operator reads: `golden/*.yaml` → `*.txt`. UPDATE_GOLDEN=1 rewrites the texts. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { ConfigErrors } from '../../src/model/errors.ts'

const folder = path.join(import.meta.dirname, 'golden')
const names = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.slice(0, -'.yaml'.length))

/** What went wrong, with the file's name in place of its path. */
function faultsOf(file: string): string {
  try {
    loadSettings({ config: file })
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    return `${error.message.replaceAll(file, path.basename(file))}\n`
  }
  return 'no fault\n'
}

test.each(names)('%s', (name) => {
  const told = faultsOf(path.join(folder, `${name}.yaml`))
  const golden = path.join(folder, `${name}.txt`)
  if (process.env.UPDATE_GOLDEN === '1') fs.writeFileSync(golden, told)
  expect(told).toBe(fs.readFileSync(golden, 'utf8'))
})

test('every line says where: file, line and column', () => {
  for (const name of names) {
    const lines = fs
      .readFileSync(path.join(folder, `${name}.txt`), 'utf8')
      .trimEnd()
      .split('\n')
    for (const line of lines) expect(line).toMatch(new RegExp(`^${name}\\.yaml:\\d+:\\d+( [\\w.[\\]]+)?: \\S`))
  }
})

test('no text is left of settings that are gone', () => {
  const texts = fs.readdirSync(folder).filter((name) => name.endsWith('.txt'))
  expect(texts.map((name) => name.slice(0, -'.txt'.length))).toEqual(names)
})
