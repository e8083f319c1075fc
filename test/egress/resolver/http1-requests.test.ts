import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttps } from '../../../src/egress/resolver/https.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../../support/dated-certificates.ts'
import { startHttp1NameServer } from '../../support/secure-name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let authority: TestAuthority
let certificate: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  certificate = await authority.vouchFor(['DNS:dns.test'])
})
afterAll(() => authority.remove())

const asking = (port: number, path = '/') =>
  createHttps({ host: ip('127.0.0.1'), port, name: name('dns.test'), path }, settingsFor({ ca: [authority.ca] }))

const zone = {
  'a.test': { A: ['192.0.2.1'] },
  'slow.test': { A: ['192.0.2.2'], delayMs: 120 },
  'lie.test': { A: ['192.0.2.3'], lie: 'question' },
  'silent.test': { silent: true },
} as const

const say =
  (head: string, body = (answer: Buffer): Buffer => answer) =>
  (socket: Socket, answer: Buffer) => {
    const bytes = body(answer)
    socket.write(Buffer.concat([Buffer.from(head.replaceAll('LENGTH', String(bytes.length)).replaceAll('\n', '\r\n'), 'latin1'), bytes]))
  }
const TYPE = 'Content-Type: application/dns-message'
const found = { kind: 'addresses', ips: ['192.0.2.1'] }

const raw = {
  '/500': say(`HTTP/1.1 500 Sorry\n${TYPE}\nContent-Length: LENGTH\n\n`),
  '/html': say('HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: LENGTH\n\n'),
  '/both-framings': say(`HTTP/1.1 200 OK\n${TYPE}\nContent-Length: LENGTH\nTransfer-Encoding: chunked\n\n`),
  '/not-http': say('220 ready\n\n'),
  '/endless': (socket: Socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${TYPE}\r\nContent-Length: 9999999\r\n\r\n`)
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
    }
    socket.on('drain', more)
    more()
  },
  '/endless-head': (socket: Socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const more = () => {
      while (!socket.destroyed && socket.write(`X: ${'x'.repeat(500)}\r\n`));
    }
    socket.on('drain', more)
    more()
  },
  '/switched': say('HTTP/1.1 101 Switching Protocols\nUpgrade: other\n\n'),
  '/chunked': say(`HTTP/1.1 200 OK\n${TYPE}\nTransfer-Encoding: chunked\n\n`, (answer) =>
    Buffer.concat([Buffer.from(`${answer.length.toString(16)}\r\n`), answer, Buffer.from('\r\n0\r\n\r\n')]),
  ),
  '/early-hints': say(`HTTP/1.1 103 Early Hints\nLink: <x>\n\nHTTP/1.1 200 OK\n${TYPE}\nContent-Length: LENGTH\n\n`),
  '/old': (socket: Socket, answer: Buffer) => {
    say(`HTTP/1.0 200 OK\n${TYPE}\n\n`)(socket, answer)
    socket.end()
  },
  '/cut': (socket: Socket, answer: Buffer) => {
    say(`HTTP/1.1 200 OK\n${TYPE}\nContent-Length: 500\n\n`)(socket, answer)
    socket.end()
  },
  '/bytewise': (socket: Socket, answer: Buffer) => {
    const head = Buffer.from(`HTTP/1.1 200 OK\r\n${TYPE}\r\nContent-Length: ${answer.length}\r\n\r\n`)
    const bytes = Buffer.concat([head, answer])
    const next = (at: number) => {
      if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => next(at + 1))
    }
    next(0)
  },
} as const

test('it posts the question to the path, padded, in the name of the certificate', async () => {
  const server = await startHttp1NameServer({ zone, certificate })
  expect(await askFor(asking(server.port, '/dns-query'), 'a.test', 2_000)).toEqual(found)
  const asked = { method: 'POST', path: '/dns-query', authority: `dns.test:${server.port}`, type: 'application/dns-message' }
  expect(server.requests).toEqual([asked, asked])
  expect(server.sizes).toEqual([128, 128])
})

test.each(['/chunked', '/early-hints', '/old', '/bytewise'] as const)('%s is an answer', async (path) => {
  const server = await startHttp1NameServer({ zone, certificate, raw })
  expect(await askFor(asking(server.port, path), 'a.test', 2_000)).toEqual(found)
})

test.each([
  ['/500', 'answered with HTTP status 500'],
  ['/html', 'answered with text/html, not with a DNS message'],
  ['/both-framings', 'sent no valid HTTP: both Transfer-Encoding and Content-Length'],
  ['/not-http', 'sent no valid HTTP: not a status line: "220 ready"'],
  ['/endless', 'sent more than a DNS message can hold'],
  ['/endless-head', 'sent no valid HTTP: the head is longer than 16384 bytes'],
  ['/switched', 'sent no valid HTTP: it switches protocols'],
  ['/cut', 'closed the connection'],
] as const)('%s is none', async (path, why) => {
  const server = await startHttp1NameServer({ zone, certificate, raw })
  expect(await askFor(asking(server.port, path), 'a.test', 2_000)).toMatchObject({ kind: 'failed', why })
})

test('an answer to another question is none', async () => {
  const server = await startHttp1NameServer({ zone, certificate })
  expect(await askFor(asking(server.port), 'lie.test', 2_000)).toMatchObject({ kind: 'failed', why: 'answered another question' })
})

test('a slow name holds up no other, and the connections that this took are used again', async () => {
  const server = await startHttp1NameServer({ zone, certificate })
  const doh = asking(server.port)
  const order: string[] = []
  const slow = askFor(doh, 'slow.test', 2_000).then((answer) => [order.push('slow'), answer])
  expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
  order.push('a')
  expect(await slow).toMatchObject([2, { ips: ['192.0.2.2'] }])
  expect(order).toEqual(['a', 'slow'])
  const before = server.connections
  for (let i = 0; i < 10; i++) expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
  expect(server.connections).toBe(before)
})

test('an idle connection that ended, or ends under a question, is followed by a fresh one', async () => {
  const server = await startHttp1NameServer({ zone, certificate })
  const doh = asking(server.port)
  expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
  server.hangUp()
  expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
})

test('who gives up a question gives up its connection: a late answer must not be read as that to the next', async () => {
  const server = await startHttp1NameServer({ zone, certificate })
  const doh = asking(server.port)
  expect(await askFor(doh, 'slow.test', 60)).toEqual({ kind: 'timeout', why: 'timed out' })
  expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
  expect(await askFor(doh, 'silent.test', 60)).toEqual({ kind: 'timeout', why: 'timed out' })
  expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
})

test('bytes behind an answer end the connection, and are never the start of the next answer', async () => {
  const server = await startHttp1NameServer({
    zone,
    certificate,
    raw: {
      '/poison': (socket, answer) => {
        const message = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${TYPE}\r\nContent-Length: ${answer.length}\r\n\r\n`), answer])
        socket.write(Buffer.concat([message, message]))
      },
    },
  })
  const doh = asking(server.port, '/poison')
  for (let i = 1; i <= 3; i++) {
    expect(await askFor(doh, 'a.test', 2_000)).toEqual(found)
    expect(server.connections).toBe(2 * i)
  }
})
