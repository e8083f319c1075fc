import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { version } from '../src/version.ts'

test('the version is that of the package', () => {
  const text = fs.readFileSync(path.join(import.meta.dirname, '..', 'package.json'), 'utf8')
  expect(version).toBe((JSON.parse(text) as { version: string }).version)
  expect(version).toMatch(/^\d+\.\d+\.\d+/)
})
