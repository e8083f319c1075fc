import http2 from 'node:http2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttps } from '../../../src/egress/resolver/https.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../../support/dated-certificates.ts'
import { answerFrom } from '../../support/name-server.ts'
import { type Answers, startHttpsNameServer } from '../../support/secure-name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let authority: TestAuthority
let certificate: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  certificate = await authority.vouchFor(['DNS:dns.test'])
})
afterAll(() => authority.remove())

const message = { ':status': 200, 'content-type': 'application/dns-message' }
const instead: Answers = {
  '/500': (stream) => {
    stream.respond({ ':status': 500, 'content-type': 'application/dns-message' })
    stream.end('sorry')
  },
  '/html': (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html; charset=utf-8' })
    stream.end('<title>Log in to this hotel</title>')
  },
  '/untyped': (stream) => {
    stream.respond({ ':status': 200 })
    stream.end('x')
  },
  '/garbage': (stream) => {
    stream.respond(message)
    stream.end('garbage')
  },
  '/endless': (stream) => {
    stream.respond(message)
    const more = () => {
      while (!stream.closed && stream.write(Buffer.alloc(16_384)));
    }
    stream.on('drain', more)
    more()
  },
  '/cut': (stream) => {
    stream.respond(message)
    stream.write('half', () => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  },
  '/silent': () => undefined,
}

const aged: Answers[string] = (stream, query) => {
  const { answer } = answerFrom({ 'a.test': { A: ['192.0.2.9'], AAAA: ['2001:db8::9'], ttl: 60 } })
  stream.respond({ ...message, age: '50' })
  answer(query, true, (bytes) => stream.end(bytes))
}

const zone = {
  'a.test': { A: ['192.0.2.1'] },
  'slow.test': { A: ['192.0.2.2'], delayMs: 80 },
  'lie.test': { A: ['192.0.2.3'], lie: 'question' },
} as const

const asking = (port: number, path: string) =>
  createHttps({ host: ip('127.0.0.1'), port, name: name('dns.test'), path }, settingsFor({ ca: [authority.ca] }))

test.each([
  ['/500', { kind: 'failed', why: 'answered with HTTP status 500' }],
  ['/html', { kind: 'failed', why: 'answered with text/html; charset=utf-8, not with a DNS message' }],
  ['/untyped', { kind: 'failed', why: 'answered with nothing, not with a DNS message' }],
  ['/garbage', { kind: 'failed', why: 'sent what is no DNS message' }],
  ['/endless', { kind: 'failed', why: 'sent more than a DNS message can hold' }],
  ['/cut', { kind: 'failed' }],
  ['/silent', { kind: 'timeout', why: 'timed out' }],
])('%s is no answer', async (path, answer) => {
  const server = await startHttpsNameServer({ zone, certificate, instead })
  expect(await askFor(asking(server.port, path), 'a.test', 600)).toMatchObject(answer)
})

test('an answer to another question is none', async () => {
  const server = await startHttpsNameServer({ zone, certificate })
  expect(await askFor(asking(server.port, '/'), 'lie.test', 600)).toMatchObject({ kind: 'failed', why: 'answered another question' })
})

test('several questions share one connection; one that ends is followed by a fresh one', { repeats: 10 }, async () => {
  const server = await startHttpsNameServer({ zone, certificate })
  const doh = asking(server.port, '/')
  const order: string[] = []
  const slow = askFor(doh, 'slow.test', 1_000).then((answer) => [order.push('slow'), answer])
  expect(await askFor(doh, 'a.test', 1_000)).toMatchObject({ ips: ['192.0.2.1'] })
  order.push('a')
  expect(await slow).toMatchObject([2, { ips: ['192.0.2.2'] }])
  expect(order).toEqual(['a', 'slow'])
  expect(server.connections).toBe(1)

  const again = askFor(doh, 'slow.test', 2_000)
  await new Promise((resolve) => setImmediate(resolve))
  server.hangUp()
  expect(await again).toMatchObject({ ips: ['192.0.2.2'] })
  expect(server.connections).toBe(2)
})

test('time that the answer spent in a cache is taken off its TTL (RFC 8484 §5.1)', async () => {
  let now = 0
  const server = await startHttpsNameServer({ zone: {}, certificate, instead: { '/aged': aged } })
  const monotonic = () => now
  const doh = createHttps(
    { host: ip('127.0.0.1'), port: server.port, name: name('dns.test'), path: '/aged' },
    settingsFor({ ca: [authority.ca], monotonic }),
  )
  expect(await askFor(doh, 'a.test', 1_000)).toMatchObject({ ips: ['192.0.2.9', '2001:db8::9'] })
  now = 9_999
  expect(doh.recall(name('a.test'))).not.toBeNull()
  now = 10_000
  expect(doh.recall(name('a.test'))).toBeNull()
})
