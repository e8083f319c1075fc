import vm from 'node:vm'
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

test('a door that speaks TLS is told of by a PAC that stands in the URL', () => {
  const secure = { ...away, door: { ...away.door, secure: true } }
  const { Mode, Locked, AutoConfigURL } = JSON.parse(firefox.text(secure)).policies.Proxy
  expect([Mode, Locked]).toEqual(['autoConfig', true])
  const [, type, pac = ''] = /^data:([^;]+);base64,(.*)$/.exec(AutoConfigURL) ?? []
  expect(type).toBe('application/x-ns-proxy-autoconfig')
  const found = (host: string) => vm.runInNewContext(`${Buffer.from(pac, 'base64')}; FindProxyForURL("https://${host}/", "${host}")`)
  expect([found('page.example'), found('printer.internal')]).toEqual(['HTTPS 192.0.2.10:3128', 'DIRECT'])
  expect(firefox.notes?.(secure)).toHaveLength(3)
})
