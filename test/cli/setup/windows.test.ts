import { expect, test } from 'vitest'
import { windows } from '../../../src/cli/setup/windows.ts'
import { away, expectGolden, expectToSayNotTried } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('windows', windows)
  expectToSayNotTried(windows)
})

test('each line is a head, a key, a comment or a value', () => {
  const [head, ...lines] = windows.text(away).split('\r\n')
  expect(head).toBe('Windows Registry Editor Version 5.00')
  for (const line of lines) expect(line).toMatch(/^$|^;.*|^\[HKEY_LOCAL_MACHINE\\[^\]]+\]$|^"\w+"=("[^"\\]*"|dword:[0-9a-f]{8})$/)
})
