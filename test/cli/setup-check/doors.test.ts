import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { doors } from '../../../src/cli/setup-check/doors.ts'
import { makeAuthority } from '../../support/certificates.ts'
import { freePort } from '../../support/listening-program.ts'
import { loginOf } from '../../support/made-up-login.ts'
import { openProxy } from '../../support/proxy-under-test.ts'
import { doorAt, serverSaying, worldWith } from './made-up.ts'

test('Ringfence is known by what it says of itself, and nothing is dialled', async () => {
  const proxy = await openProxy()
  const findings = await doors(worldWith({ doors: [doorAt(proxy.port)] }))
  expect(findings).toEqual([{ state: 'ok', says: `door 127.0.0.1:${proxy.port}: Ringfence answers over HTTP and SOCKS5` }])
  expect(proxy.dialer.tried).toEqual([])
  expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['block', 'block'])
})

test('one that asks for a login is known as well', async () => {
  const proxy = await openProxy({ login: loginOf({}) })
  const [finding] = await doors(worldWith({ doors: [doorAt(proxy.port, true)] }))
  expect(finding?.says).toMatch(/Ringfence answers over HTTP and SOCKS5, and asks for a name and a password$/)
})

test.each([
  ['another proxy', 'HTTP/1.1 200 Connection established\r\n\r\n', /is not Ringfence$/],
  ['another that refuses', 'HTTP/1.1 403 Forbidden\r\nProxy-Status: squid\r\n\r\n', /is not Ringfence$/],
  [
    'one that speaks HTTP only',
    'HTTP/1.1 403 Forbidden\r\nProxy-Status: ringfence; error=destination_ip_prohibited\r\n\r\n',
    /answers over HTTP, but not over SOCKS5$/,
  ],
  ['what hangs up', '', /is not Ringfence \(it says nothing\)$/],
])('%s is no door', async (_, answer, says) => {
  const [finding] = await doors(worldWith({ doors: [doorAt(await serverSaying(answer))] }))
  expect(finding).toMatchObject({ state: 'fail', says: expect.stringMatching(says) })
})

test('where nothing listens, it says how to start it', async () => {
  const [finding] = await doors(worldWith({ doors: [doorAt(await freePort())] }))
  expect(finding).toMatchObject({
    state: 'fail',
    says: expect.stringContaining('nothing listens there'),
    mend: expect.stringContaining('ringfence run'),
  })
})

test('a door with a certificate is spoken to in TLS, and a certificate that nobody trusts is to look at', async () => {
  const { key, certificate: cert } = makeAuthority()
  const server = tls.createServer({ key, cert }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (asked: Buffer) => {
      if (asked[0] !== 5) socket.end('HTTP/1.1 403 Forbidden\r\nProxy-Status: ringfence; error=destination_ip_prohibited\r\n\r\n')
      else socket.write(Buffer.from(asked[1] === 2 ? [5, 0] : [5, 2]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const port = (server.address() as AddressInfo).port
  const check = async (at: number) => (await doors(worldWith({ doors: [{ ...doorAt(at), secure: true }] })))[0]
  expect(await check(port)).toMatchObject({
    state: 'warn',
    says: expect.stringMatching(/Ringfence answers over HTTP and SOCKS5 in TLS; its certificate is not one that programs trust/),
  })
  expect(await check(await serverSaying('HTTP/1.1 400 Bad Request\r\n\r\n'))).toMatchObject({
    state: 'fail',
    says: expect.stringContaining('speaks no TLS'),
  })
})
