import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { macos } from '../../../src/cli/setup/macos.ts'
import type { Parameters } from '../../../src/cli/setup/target.ts'
import { away, expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('macos', macos)
  expectToSayNotTried(macos)
})

test('it is a property list with the proxy in it', (context) => {
  const read = (parameters: Parameters) => {
    const program = 'import plistlib, json, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))'
    return JSON.parse(execFileSync('python3', ['-c', program], { input: macos.text(parameters), encoding: 'utf8' })).PayloadContent[0]
  }
  try {
    execFileSync('python3', ['--version'])
  } catch {
    return context.skip('there is no Python, whose plistlib reads property lists')
  }
  expect(read(here)).toMatchObject({
    ProxyType: 'Manual',
    ProxyServer: '127.0.0.1',
    ProxyServerPort: 8080,
    ProxyCaptiveLoginAllowed: false,
  })
  expect(read(away)).toMatchObject({ ProxyServer: '192.0.2.10', ProxyUsername: 'USER' })
  const local = { ...here, pac: { ...here.pac, pac: { directFallback: false, localDirect: true } } }
  expect(read(local)).toMatchObject({ ProxyType: 'Auto', ProxyPACURL: here.pacUrl, ProxyPACFallbackAllowed: false })
})

test('the same proxy has the same identifiers, another has others', () => {
  const uuids = (parameters: Parameters) =>
    macos.text(parameters).match(/[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}/g) ?? []
  expect(new Set(uuids(here)).size).toBe(2)
  expect(uuids(here)).toEqual(uuids({ ...here, user: 'other' }))
  expect(uuids(here)).not.toEqual(uuids(away))
})
