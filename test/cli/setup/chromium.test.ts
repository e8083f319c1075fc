import { expect, test } from 'vitest'
import { chromium } from '../../../src/cli/setup/chromium.ts'
import { away, expectGolden, expectToSayNotTried, here } from './made-up.ts'

test('the text, and that it was not tried', () => {
  expectGolden('chromium', chromium)
  expectToSayNotTried(chromium)
})

test('it is JSON: a fixed proxy, and a PAC only where browsers may go direct', () => {
  expect(JSON.parse(chromium.text(here)).ProxySettings).toEqual({
    ProxyMode: 'fixed_servers',
    ProxyServer: 'http://127.0.0.1:8080',
    ProxyBypassList: '',
  })
  expect(JSON.parse(chromium.text(away)).ProxySettings.ProxyBypassList).toBe('<local>;localhost;*.localhost;internal;*.internal')
  const open = { ...here, pac: { ...here.pac, pac: { directFallback: true, localDirect: false } } }
  const { ProxyMode, ProxyPacUrl } = JSON.parse(chromium.text(open)).ProxySettings
  expect(ProxyMode).toBe('pac_script')
  expect(Buffer.from(ProxyPacUrl.split(',')[1], 'base64').toString()).toContain('"PROXY 127.0.0.1:8080; SOCKS5 127.0.0.1:8080; DIRECT"')
})
