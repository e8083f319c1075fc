import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readPrivateText } from '../../src/config/private-text.ts'
import { OperatorError } from '../../src/model/errors.ts'

test('a file is read that no others can, and one that is open to them is refused', (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such modes')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-private-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'door.key')
  fs.writeFileSync(file, 'hush')
  for (const mode of [0o400, 0o600, 0o640]) {
    fs.chmodSync(file, mode)
    expect(readPrivateText(file)).toBe('hush')
  }
  for (const mode of [0o644, 0o666, 0o602]) {
    fs.chmodSync(file, mode)
    expect(() => readPrivateText(file)).toThrow(OperatorError)
    expect(() => readPrivateText(file)).toThrow(`chmod 600 ${file}`)
  }
  expect(() => readPrivateText(path.join(folder, 'nothing'))).toThrow('there is no such file')
})
