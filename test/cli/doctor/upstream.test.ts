import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { upstream } from '../../../src/cli/doctor/upstream.ts'
import { scriptedProxy } from '../../egress/upstream/scripted-proxy.ts'
import { hex } from '../../wire/support.ts'
import { healthy, patient, said, states } from './patient.ts'

const with_ = (servers: readonly string[], rest = '') =>
  `${healthy}upstream: [${servers.map((server) => `{ type: socks5, server: "${server}"${rest} }`).join(', ')}]\n`

test('without an upstream destinations are reached directly', async () => {
  expect(said(await upstream(await patient()))).toBe('no upstream proxy is set: destinations are reached directly')
})

test('each proxy is tried by itself, as far as its login', async () => {
  const [open, wants, refuses] = [
    await scriptedProxy([{ after: 3, say: hex('05 00') }]),
    await scriptedProxy([{ after: 3, say: hex('05 ff') }]),
    await scriptedProxy([{ after: 1, say: 'HTTP/1.1 400 x\r\n\r\n' }]),
  ]
  const servers = [open.port, wants.port, refuses.port, 1].map((port) => `127.0.0.1:${port}`)
  const findings = await upstream(await patient(with_(servers), { offline: false }))
  expect(states(findings)).toEqual(['ok', 'fail', 'fail', 'fail'])
  const [first, second, third] = servers
  expect(said(findings)).toBe(
    [
      `upstream proxy ${first} (socks5) wants no login (no destination was asked for)`,
      `upstream proxy ${second} (socks5): the upstream proxy ${second} wants a login → "username" and "password" of the entry under "upstream"`,
      `upstream proxy ${third} (socks5): the upstream proxy ${third} speaks no SOCKS5: a choice of method of SOCKS version 72 → the entry under "upstream", or that proxy`,
      'upstream proxy 127.0.0.1:1 (socks5): the upstream proxy 127.0.0.1:1 is not reached: no connection to 127.0.0.1:1 (refused) → the entry under "upstream", or that proxy',
    ].join('\n'),
  )
  expect(open.received.map(({ length }) => length)).toEqual([3])
})

test('of an HTTP proxy it is said what was asked for, and of no login the password', async () => {
  vi.stubEnv('RINGFENCE_TEST_PASSWORD', 'open-sesame')
  onTestFinished(() => void vi.unstubAllEnvs())
  const proxies = [await answering('502'), await answering('407'), await answering('403')]
  const settings = `${healthy}upstream:
${proxies.map(({ port }) => `  - { type: http, server: "127.0.0.1:${port}", username: anna, password: { env: RINGFENCE_TEST_PASSWORD } }`).join('\n')}
`
  const findings = await upstream(await patient(settings, { offline: false }))
  expect(states(findings)).toEqual(['ok', 'fail', 'ok'])
  expect(findings[0]?.says).toMatch(/ \(http\) accepts the login \(asked for 255\.255\.255\.255:443, which leads nowhere\)$/)
  expect(findings[1]?.says).toMatch(/ does not accept the login \(status 407\)$/)
  expect(findings[2]?.says).toMatch(/ does not permit what was tried .*: nothing is known of the login$/)
  expect(said(findings)).not.toContain('open-sesame')
})

test('one that permits CONNECT to port 443 alone lets no plain HTTP through', async () => {
  const asked: (string | undefined)[] = []
  // As squid does with its usual settings, and tinyproxy with ConnectPort 443.
  const proxy = http.createServer().on('connect', ({ url }, socket) => {
    asked.push(url)
    socket.end(`HTTP/1.1 ${url?.endsWith(':443') ? '503' : '403'} x\r\n\r\n`)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void proxy.close())
  const label = `upstream proxy 127.0.0.1:${(proxy.address() as AddressInfo).port} (http)`
  const settings = `${healthy}upstream: [{ type: http, server: "127.0.0.1:${(proxy.address() as AddressInfo).port}" }]\n`
  const findings = await upstream(await patient(settings, { offline: false }))
  expect(states(findings)).toEqual(['ok', 'warn'])
  expect(said(findings).split('\n')[1]).toBe(
    `${label} does not permit CONNECT to port 80: plain http:// will not go through → let that proxy permit CONNECT to port 80`,
  )
  expect(asked).toEqual(['255.255.255.255:443', '255.255.255.255:80'])
})

test('what the certificate of a proxy is worth is told as well', async () => {
  const { port } = await scriptedProxy([{ after: 1, say: 'HTTP/1.1 400 x\r\n\r\n' }])
  const findings = await upstream(await patient(with_([`127.0.0.1:${port}`], ', tls: {}'), { offline: false }))
  expect(said(findings)).toBe(
    `upstream proxy 127.0.0.1:${port} (socks5, TLS): the upstream proxy 127.0.0.1:${port} is not reached: no secure connection to 127.0.0.1: it does not speak TLS as we do → the entry under "upstream", or that proxy`,
  )
})

const answering = (status: string) => scriptedProxy([{ after: '\r\n\r\n', say: `HTTP/1.1 ${status} x\r\n\r\n` }])

test('offline none is tried, but a password that is not there is told', async () => {
  expect(states(await upstream(await patient(with_(['127.0.0.1:1']))))).toEqual(['skipped'])
  const missing = with_(['127.0.0.1:1'], ', username: anna, password: { env: RINGFENCE_NO_SUCH_VARIABLE }')
  expect(said(await upstream(await patient(missing)))).toContain('the environment variable RINGFENCE_NO_SUCH_VARIABLE is not set')
})
