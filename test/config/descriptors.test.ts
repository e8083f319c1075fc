import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { connectionsFor, descriptorLimit } from '../../src/config/descriptors.ts'

test.each([
  [
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            128                  20000                files\n',
    128,
  ],
  ['Max open files            unlimited            unlimited            files\n', 65_536],
])('the limit in force is the soft one', (text, limit) => {
  expect(descriptorLimit(() => text)).toBe(limit)
})

test('where the kernel has no such file, Node knows', () => {
  const unreadable = () => {
    throw new Error('ENOENT')
  }
  expect(descriptorLimit(unreadable)).toBe(descriptorLimit())
  expect(descriptorLimit()).toBe(Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })))
})

test('a tunnel takes two, and some are kept for what is no client', () => {
  expect(connectionsFor(128)).toBe(32)
  expect(connectionsFor(20_000)).toBe(9_968)
  expect(connectionsFor(16)).toBe(8)
})
