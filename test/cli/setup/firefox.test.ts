import { expect, test } from 'vitest'
import { firefox } from '../../../src/cli/setup/firefox.ts'
import { away, expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('firefox', firefox)
  expectToSayNotTried(firefox)
})

test('it is JSON, and a browser may go direct only where the settings say so', () => {
  const failover = (parameters: typeof here) =>
    JSON.parse(firefox.text(parameters)).policies.Preferences['network.proxy.failover_direct'].Value
  expect(failover(away)).toBe(false)
  expect(failover({ ...here, pac: { ...here.pac, pac: { directFallback: true, localDirect: false } } })).toBe(true)
})
