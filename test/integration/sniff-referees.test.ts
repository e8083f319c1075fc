/**
 * Servers as referees of `wire/sniff.ts`: OpenSSL (node:tls) and llhttp (node:http) get hundreds of odd first messages,
 * and whatever name one of them sees, the sniffer must have seen in the same bytes, or have called hidden. Seeded, so
 * that a failure is the same tomorrow; FUZZ_SECONDS multiplies the rounds.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isHost, parseHost } from '../../src/model/hostname.ts'
import { createSniffer, sniff } from '../../src/wire/sniff.ts'
import { extension, opensslHello, record, serverName } from '../wire/hello.ts'
import { ascii, concat, hex } from '../wire/support.ts'

const rounds = 400 * Math.max(1, Math.ceil(Number(process.env.FUZZ_SECONDS ?? 0) / 2))

// --- chance -------------------------------------------------------------------------------------------------------------

/** Mulberry32. */
function dice(seed: number) {
  let state = seed
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  return { below, one }
}
type Dice = ReturnType<typeof dice>

// --- the referees -------------------------------------------------------------------------------------------------------

interface Referee {
  /** The names that the server saw in these bytes, as it tells them to its application. */
  see(bytes: Uint8Array): Promise<readonly string[]>
  close(): void
}

function referee(server: net.Server, port: number, seen: string[]): Referee {
  return {
    async see(bytes) {
      seen.length = 0
      const socket = net.connect(port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      const over = new Promise((resolve) => socket.once('close', resolve))
      socket.setTimeout(2_000, () => socket.destroy())
      socket.end(bytes)
      await over
      return [...seen]
    },
    close: () => server.close(),
  }
}

async function listen(server: net.Server, seen: string[]): Promise<Referee> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return referee(server, (server.address() as net.AddressInfo).port, seen)
}

async function tlsReferee(options: tls.TlsOptions): Promise<Referee> {
  const seen: string[] = []
  const context = tls.createSecureContext(options)
  const server = tls.createServer({
    ...options,
    SNICallback(name, done) {
      seen.push(name)
      done(null, context)
    },
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return listen(server, seen)
}

async function httpReferee(options: http.ServerOptions): Promise<Referee> {
  const seen: string[] = []
  const judged = new WeakSet<object>()
  const server = http.createServer({ ...options, requireHostHeader: false })
  const see = ({ method, url = '', headers, socket }: http.IncomingMessage) => {
    // The first request of a connection is what the sniffer reads.
    if (judged.has(socket)) return
    judged.add(socket)
    const target = method === 'CONNECT' ? url : (/^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? '')
    for (const authority of [headers.host ?? '', target.replace(/^.*@/, '')]) seen.push(authority.replace(/:\w*$/, ''))
  }
  server.on('request', (request, response) => {
    see(request)
    response.shouldKeepAlive = false
    response.end()
  })
  const over = (request: http.IncomingMessage) => {
    see(request)
    request.socket.destroy()
  }
  server.on('connect', over).on('upgrade', over)
  server.on('clientError', (_, socket) => socket.destroy())
  return listen(server, seen)
}

/** What must be in the sniffer's answer if a server saw this text. */
function missed(seen: readonly string[], bytes: Uint8Array): readonly string[] {
  const sniffed = sniff(bytes)
  if (sniffed.kind === 'known' && sniffed.hidden) return []
  const names: readonly string[] = sniffed.kind === 'known' ? sniffed.names.map(({ name }) => name) : []
  return seen.filter((text) => {
    if (text === '') return false
    const host = parseHost(text)
    if (/[\u0080-\u{10ffff}]/u.test(text) || !isHost(host)) return true
    return host.kind === 'name' && !names.includes(host.name)
  })
}

/** Fires the messages at all referees; says how many of them had a name that one of them saw. */
async function fire(referees: readonly Referee[], messages: readonly Uint8Array[]): Promise<number> {
  let withName = 0
  for (const bytes of messages) {
    const seen = (await Promise.all(referees.map((one) => one.see(bytes)))).flat()
    if (seen.some((text) => text !== '')) withName++
    expect(missed(seen, bytes), JSON.stringify(Buffer.from(bytes).toString('latin1'))).toEqual([])
    const sniffer = createSniffer()
    for (const byte of bytes) sniffer.push(Uint8Array.of(byte))
    expect(sniffer.push(new Uint8Array())).toEqual(sniff(bytes))
  }
  return withName
}

// --- TLS ----------------------------------------------------------------------------------------------------------------

/** A hello in its parts: what stands before the extensions, and each extension. */
interface Parts {
  readonly fixed: Uint8Array
  readonly extensions: readonly Uint8Array[]
}

function partsOf(hello: Uint8Array): Parts {
  const body = Buffer.from(hello.subarray(9))
  let at = 34
  at += 1 + body.readUInt8(at)
  at += 2 + body.readUInt16BE(at)
  at += 1 + body.readUInt8(at)
  const fixed = body.subarray(0, at)
  const extensions: Uint8Array[] = []
  for (at += 2; at < body.length; ) {
    const end = at + 4 + body.readUInt16BE(at + 2)
    extensions.push(body.subarray(at, end))
    at = end
  }
  return { fixed, extensions }
}

function messageOf({ fixed, extensions }: Parts, behind: Uint8Array): Uint8Array {
  const all = concat(...extensions)
  const body = concat(fixed, Uint8Array.of(all.length >> 8, all.length & 255), all, behind)
  return concat(Uint8Array.of(1, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body)
}

const none = new Uint8Array()
const names = [
  'a.example',
  'b.example',
  'Zoom.US',
  'zoom.us.',
  'zo om.us',
  'x:443',
  '203.0.113.7',
  '[::1]',
  '_a.b',
  'zo\u00c3\u00b6m.us',
  '',
  'a..b',
]

function oddExtensions({ below, one }: Dice, extensions: readonly Uint8Array[]): readonly Uint8Array[] {
  const place = below(extensions.length + 1)
  const put = (added: Uint8Array) => [...extensions.slice(0, place), added, ...extensions.slice(place)]
  const withoutName = extensions.filter((one) => one[0] !== 0 || one[1] !== 0)
  const grease = (16 * below(16) + 10) * 0x101
  switch (below(12)) {
    case 0:
      return put(extension(grease, new Uint8Array(below(3))))
    case 1:
      return put(extension(0x9999, new Uint8Array(below(20_000))))
    case 2:
      return put(extension(16, hex(one(['', '00 01 00', '00 03 02 68 32', '00 09']))))
    case 3:
      return put(extension(0xfe0d, new Uint8Array(below(100))))
    case 4:
      return put(serverName(one(names)))
    case 5:
      return [...withoutName, serverName(one(names))]
    case 6:
      return [serverName(one(names), one(names)), ...withoutName]
    case 7:
      return [
        extension(0, hex(one(['', '00', '00 00', '00 09 00 00 01 61', '00 04 00 00 01 61 09', '00 08 01 00 01 62 00 00 01 61']))),
        ...withoutName,
      ]
    case 8:
      return withoutName
    case 9:
      return extensions.toReversed()
    case 10:
      return put(extension(one([10, 11, 13, 43, 51]), new Uint8Array(below(9))))
    default:
      return extensions
  }
}

/** The message in records, of odd lengths and versions, with records in between that are no part of it. */
function oddRecords({ below, one }: Dice, message: Uint8Array): Uint8Array {
  const most = one([1, 2, 3, 50, 500, 16_384, 16_384, 16_384, 16_385])
  const major = one([3, 3, 3, 3, 3, 3, 2, 4, 0])
  const strange = one([
    none,
    none,
    none,
    hex('15 03 01 00 02 01 5a'),
    hex('14 03 03 00 01 01'),
    hex('17 03 03 00 00'),
    hex('16 03 01 00 04 00 00 00 00'),
  ])
  const empties = one([0, 0, 1, 5, 31, 32, 33, 70])
  const everywhere = most > 40 && below(4) === 0
  const parts: Uint8Array[] = [strange, ...Array.from({ length: empties }, () => record(none))]
  for (let at = 0; at < message.length; ) {
    const length = most > 40 ? most : 1 + below(most)
    const part = record(message.subarray(at, at + length))
    part[1] = major
    part[2] = one([0, 1, 2, 3, 4, 255])
    parts.push(part)
    if (everywhere) parts.push(record(none))
    at += length
  }
  return concat(...parts)
}

function flipped({ below }: Dice, bytes: Uint8Array, times: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  for (let i = 0; i < times; i++) changed[below(changed.length)] = below(256)
  return changed
}

function oddHello(chance: Dice, hellos: readonly Uint8Array[]): Uint8Array {
  const { below, one } = chance
  const { fixed, extensions } = partsOf(one(hellos))
  let odd = extensions
  for (let times = below(3); times > 0; times--) odd = oddExtensions(chance, odd)
  const message = messageOf({ fixed, extensions: odd }, below(12) === 0 ? new Uint8Array(1 + below(3)) : none)
  const kind = below(4)
  if (kind === 0) return record(flipped(chance, message, 1 + below(3)))
  if (kind === 1) return flipped(chance, record(message), 1 + below(2))
  return concat(oddRecords(chance, message), below(4) === 0 ? ascii('more') : none)
}

describe('OpenSSL', () => {
  let referees: readonly Referee[]

  beforeAll(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-referee-'))
    try {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key']
      execFileSync('openssl', ['req', '-x509', ...key, '-out', 'crt', '-subj', '/CN=referee', '-days', '2'], {
        cwd: folder,
        stdio: 'ignore',
      })
      const options = { key: fs.readFileSync(path.join(folder, 'key')), cert: fs.readFileSync(path.join(folder, 'crt')) }
      referees = await Promise.all([tlsReferee(options), tlsReferee({ ...options, maxVersion: 'TLSv1.2' })])
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
  afterAll(() => {
    for (const one of referees) one.close()
  })

  test('sees no name in a mutated ClientHello that the sniffer neither sees nor calls hidden', { timeout: 120_000 }, async () => {
    const hellos = await Promise.all([
      opensslHello({ servername: 'zoom.us', ALPNProtocols: ['h2', 'http/1.1'] }),
      opensslHello({ servername: 'WWW3.zoom.us', maxVersion: 'TLSv1.2' }),
      opensslHello({ servername: 'a.example', minVersion: 'TLSv1.3' }),
      opensslHello({}),
    ])
    const chance = dice(1)
    const messages = Array.from({ length: rounds }, () => oddHello(chance, hellos))
    expect(await fire(referees, messages)).toBeGreaterThan(rounds / 8)
  })
})

// --- HTTP ---------------------------------------------------------------------------------------------------------------

const ends = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n']
const blanks = [' ', ' ', ' ', ' ', ' ', ' ', '  ', '\t', '']
const before = ['', '', '', '', '\r\n', '\n', '\r', '\r\n'.repeat(3_000), ' ', '\t', '\0', '\u00ef\u00bb\u00bf']
const methods = ['GET', 'GET', 'GET', 'POST', 'OPTIONS', 'CONNECT', 'M-SEARCH', 'SOURCE', 'DESCRIBE', 'get', 'PURGE', 'QUERY', 'PRI', 'FOO']
const targets = [
  '/',
  '/',
  '/',
  '*',
  '/a b',
  'http://c.example/',
  'HTTP://u@c.example',
  'ws://c.example?x',
  'c.example:443',
  'c.example',
  '//c.example/',
  'http:/c.example',
  'foo',
  '',
  '/\u0001',
  '/#a',
]
const versions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/0.9',
  'HTTP/2.0',
  'HTTP/1.2',
  'HTTP/1.10',
  'http/1.1',
  'RTSP/1.0',
  'ICE/1.0',
  '',
]
const hostNames = ['Host', 'Host', 'Host', 'Host', 'hOST', 'Host ', ' Host', '\tHost', 'Host\t', 'X-Host', 'Ho\0st', 'X: y\r\n Host']
const hostValues = [
  'a.example',
  ' a.example',
  '\ta.example ',
  ' \r\n a.example',
  '\r\n\t\r\n a.example',
  ' A.Example.',
  ' a.example:80',
  ' a.example:',
  ' a.example:x',
  ' a.example b.example',
  ' a.example, b.example',
  ' u@a.example',
  ' http://a.example/',
  ' "a.example"',
  ' 203.0.113.7',
  ' [::1]:80',
  '',
  ' a.\r\n example',
  ' \u000ba.example',
  ' a.example\0',
  ' zo\u00c3\u00b6m.us',
  ' a/b',
  ' a..b',
  ' \ra.example',
]
const otherFields = [
  'X: y',
  'X: y',
  'Content-Length: 0',
  'Transfer-Encoding: chunked',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'X: \u0001',
  'X: y\rz',
  'garbage',
  ': x',
  `X: ${'x'.repeat(9_000)}`,
]

function oddRequest(chance: Dice): Uint8Array {
  const { below, one } = chance
  // Most of a request is right, or else no server would read on.
  const odd = <T>(all: readonly T[]): T => (below(6) === 0 ? one(all) : (all[0] as T))
  const fields = Array.from({ length: below(5) }, () => {
    const field = below(2) === 0 ? odd(otherFields) : `${odd(hostNames)}:${below(2) === 0 ? one(hostValues) : ' a.example'}`
    return field + odd(ends)
  })
  const host = below(3) === 0 ? '' : `Host:${one(hostValues)}${odd(ends)}`
  const line = odd(before) + odd(methods) + odd(blanks) + odd(targets) + odd(blanks) + odd(versions) + odd(ends)
  const bytes = ascii(
    `${line + host + fields.join('') + odd(ends)}${below(4) === 0 ? 'GET / HTTP/1.1\r\nHost: later.example\r\n\r\n' : ''}`,
  )
  return below(5) === 0 ? flipped(chance, bytes, 1 + below(2)) : bytes
}

describe('llhttp', () => {
  let referees: readonly Referee[]

  beforeAll(async () => {
    const large = { maxHeaderSize: 1 << 17 }
    referees = await Promise.all([
      httpReferee({}),
      httpReferee({ insecureHTTPParser: true }),
      httpReferee({ ...large, insecureHTTPParser: true }),
    ])
  })
  afterAll(() => {
    for (const one of referees) one.close()
  })

  test('sees no name in a mutated request that the sniffer neither sees nor calls hidden', { timeout: 120_000 }, async () => {
    const chance = dice(2)
    const messages = Array.from({ length: 3 * rounds }, () => oddRequest(chance))
    expect(await fire(referees, messages)).toBeGreaterThan(rounds / 2)
  })
})
