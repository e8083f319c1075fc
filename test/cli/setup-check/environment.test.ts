import { expect, test } from 'vitest'
import { variables } from '../../../src/cli/setup/shell.ts'
import { environment } from '../../../src/cli/setup-check/environment.ts'
import { here } from '../setup/made-up.ts'
import { worldWith } from './made-up.ts'

const found = async (env: Readonly<Record<string, string>>) => await environment(worldWith({ env }))
const good = { http_proxy: 'http://127.0.0.1:8080', https_proxy: 'http://127.0.0.1:8080' }

test('what "setup shell" prints is found good', async () => {
  const env = Object.fromEntries(
    variables(here).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  )
  expect(await found(env)).toEqual([{ state: 'ok', says: 'the variables of this shell lead to 127.0.0.1:8080' }])
})

test('without any, programs of the shell go direct: to look at, not amiss', async () => {
  expect(await found({})).toMatchObject([
    { state: 'warn', says: expect.stringMatching(/^http_proxy and https_proxy not set: /), mend: 'eval "$(ringfence setup shell)"' },
  ])
  expect(await found({ HTTPS_PROXY: 'http://127.0.0.1:8080' })).toMatchObject([{ says: expect.stringMatching(/^http_proxy not set: /) }])
})

test('one that leads elsewhere is amiss, and its password is not shown', async () => {
  const findings = await found({ ...good, ALL_PROXY: 'socks5h://ana:secret@proxy.example:1080' })
  expect(findings).toMatchObject([{ state: 'fail', says: 'ALL_PROXY leads elsewhere: socks5h://…@proxy.example:1080' }])
})

test('a scheme may be missing, a password may be there', async () => {
  expect(await found({ http_proxy: '127.0.0.1:8080', https_proxy: 'http://a:b@127.0.0.1:8080/' })).toMatchObject([{ state: 'ok' }])
  expect(await found({ ...good, http_proxy: 'http://[' })).toMatchObject([{ state: 'fail' }])
})

test('a door that speaks TLS is spoken to in TLS, and another is not', async () => {
  const door = { ...here.door, at: 'proxy.example:443', host: 'proxy.example', port: 443, secure: true }
  const secure = async (env: Readonly<Record<string, string>>) => await environment(worldWith({ doors: [door, here.door], env }))
  const to = (value: string) => ({ http_proxy: value, https_proxy: value })
  expect(await secure(to('https://proxy.example'))).toMatchObject([{ state: 'ok' }])
  expect(await secure(to('https://ana:secret@proxy.example:443/'))).toMatchObject([{ state: 'ok' }])
  expect((await secure(to('http://ana:secret@proxy.example:443')))[0]).toMatchObject({
    state: 'fail',
    says: 'http_proxy leads to a door that speaks TLS alone: http://…@proxy.example:443',
  })
  expect((await secure(to('https://127.0.0.1:8080')))[0]).toMatchObject({
    state: 'fail',
    says: 'http_proxy leads to a door that speaks no TLS: https://127.0.0.1:8080',
  })
})

test('what is sent round the proxy is told', async () => {
  expect(await found({ ...good, no_proxy: 'localhost, .corp.example,127.0.0.1' })).toMatchObject([
    { state: 'warn', says: 'no_proxy sends these round the proxy: .corp.example' },
  ])
  expect(await found({ ...good, NO_PROXY: '*' })).toMatchObject([
    { state: 'fail', says: expect.stringContaining('no program of this shell uses the proxy') },
  ])
})
