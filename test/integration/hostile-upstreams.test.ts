/**
 * Upstream proxies that lie, stutter, fall silent or leave, behind real doors: whatever they do, the client is refused
 * with a code, the flow has its one ending, which names the proxy, and nothing but the proxy is ever dialled.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDirect } from '../../src/egress/direct.ts'
import { createEgress } from '../../src/egress/upstream/dialer.ts'
import type { Hop } from '../../src/egress/upstream/hop.ts'
import { connectByHttp } from '../../src/egress/upstream/http.ts'
import { connectBySocks5 } from '../../src/egress/upstream/socks5.ts'
import { formatEndpoint } from '../../src/model/address.ts'
import { type ErrorCode, RingfenceError } from '../../src/model/errors.ts'
import { scriptedProxy, type Turn } from '../egress/upstream/scripted-proxy.ts'
import { ip } from '../support/fake-ports.ts'
import { eventually, openProxy } from '../support/proxy-under-test.ts'
import { never, streamPair } from '../support/socket-pair.ts'
import { hex } from '../wire/support.ts'

const AMERICA = '170.114.1.1'
/** Long enough for what answers at once, on a busy machine as well. */
const DIAL_MS = 1_500

const secret = { name: 'anna', password: 'open-sesame' }

interface Behind extends Awaited<ReturnType<typeof openProxy>> {
  /** Every address that a connection was attempted to. */
  readonly dialled: readonly string[]
}

/** A door whose only way out is this proxy; what is dialled is written down. */
async function doorBehind(
  { port }: { readonly port: number },
  type: Hop['type'],
  { login = null as Hop['login'], dialMs = DIAL_MS } = {},
): Promise<Behind> {
  const server = { host: ip('127.0.0.1'), port }
  const dialled: string[] = []
  const direct = createDirect()
  const dialer = createEgress(
    [{ type, server, login, tls: null }],
    (to, stop) => {
      dialled.push(formatEndpoint(to))
      return direct(to, stop)
    },
    null,
  )
  const proxy = await openProxy({ names: { 'a.example': [AMERICA] }, hops: [server], dialer, dialMs })
  return Object.assign(proxy, { dialled })
}

interface Asks {
  /** What the client sends at once. */
  readonly says: string | Uint8Array
  /** What tells it that it was refused. */
  readonly refused: RegExp
}

const asks: Readonly<Record<'connect' | 'get' | 'socks5', Asks>> = {
  connect: { says: 'CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', refused: /^HTTP\/1\.1 50[0-9] / },
  get: { says: 'GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n', refused: /^HTTP\/1\.1 50[0-9] / },
  socks5: { says: hex('05 01 00 | 05 01 00 03 09 612e6578616d706c65 01bb'), refused: /^\x05\x00\x05[\x01-\x08]\x00/ },
}

/** One request through such a proxy comes to this code, and leaves nothing behind. */
async function expectRefused(
  turns: readonly Turn[],
  type: Hop['type'],
  expected: ErrorCode | RegExp,
  { ask = 'connect' as keyof typeof asks, login = null as Hop['login'], dialMs = DIAL_MS } = {},
): Promise<string> {
  const hostile = await scriptedProxy(turns)
  const proxy = await doorBehind(hostile, type, { login, dialMs })
  const client = await proxy.connect()
  client.send(asks[ask].says)
  await client.until('a refusal', () => asks[ask].refused.test(client.text))
  await proxy.flowsOver(1)
  const [record] = proxy.writer.ended
  const message = record?.message ?? ''
  expect(record).toMatchObject({ code: expect.stringMatching(expected), dialled: null, via: null, up: 0, down: 0 })
  expect(message).toContain(`upstream proxy 127.0.0.1:${hostile.port}`)
  expect(`${message}${client.text}`).not.toContain(secret.password)
  expect(new Set(proxy.dialled)).toEqual(new Set([`127.0.0.1:${hostile.port}`]))
  expect(proxy.dialer.tried).toEqual([])
  await eventually('its connection closed', () => hostile.open === 0)
  return message
}

const answers = (say: string | Uint8Array, leave?: Turn['leave']): Turn => ({
  after: '\r\n\r\n',
  say,
  ...(leave === undefined ? {} : { leave }),
})
const dripped = (text: string): readonly Turn[] => Array.from(text, (say) => answers(say))

describe('an HTTP proxy', () => {
  test.each<[string, readonly Turn[], ErrorCode]>([
    ['wants a login', [answers('HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')], 'upstream.unauthenticated'],
    ['answers 200 in another protocol', [answers('ICY 200 OK\r\n\r\n')], 'upstream.malformed'],
    ['answers 200 in HTTP/2', [answers('HTTP/2 200\r\n\r\n')], 'upstream.malformed'],
    ['answers 200 after an empty line', [answers('\r\nHTTP/1.1 200 ok\r\n\r\n')], 'upstream.malformed'],
    ['answers 200 with bare line feeds', [answers('HTTP/1.1 200 ok\n\n')], 'upstream.malformed'],
    ['answers 200 with a NUL in its head', [answers('HTTP/1.1 200 ok\r\nA: \0\r\n\r\n')], 'upstream.malformed'],
    ['answers 200 with a folded field', [answers('HTTP/1.1 200 ok\r\nA: b\r\n c\r\n\r\n')], 'upstream.malformed'],
    ['answers 0200', [answers('HTTP/1.1 0200 ok\r\n\r\n')], 'upstream.malformed'],
    ['answers 2000', [answers('HTTP/1.1 2000 ok\r\n\r\n')], 'upstream.malformed'],
    ['answers 20', [answers('HTTP/1.1 20 ok\r\n\r\n')], 'upstream.malformed'],
    ['only ever says 100', [answers('HTTP/1.1 100 Continue\r\n\r\n'.repeat(50))], 'upstream.malformed'],
    ['says 100 and then 403', [answers('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\n\r\n')], 'upstream.refused'],
    [
      'switches protocols',
      [answers('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 ok\r\n\r\n')],
      'upstream.malformed',
    ],
    ['redirects', [answers('HTTP/1.1 302 Found\r\nLocation: http://b.example/\r\n\r\n')], 'upstream.malformed'],
    ['has a page for an error', [answers('HTTP/1.1 503 Busy\r\nContent-Length: 40000\r\n\r\n<html>')], 'dial.failed'],
    ['sends a head without end', [answers(`HTTP/1.1 200 ok\r\nA: ${'b'.repeat(200_000)}`)], 'upstream.malformed'],
    ['sends a status line without end', [answers(`HTTP/1.1 200 ${'o'.repeat(200_000)}`)], 'upstream.malformed'],
    ['sends fields without end', [answers(`HTTP/1.1 200 ok\r\n${'A: b\r\n'.repeat(40_000)}\r\n`)], 'upstream.malformed'],
    ['sends noise', [answers(Uint8Array.from({ length: 4_096 }, (_, i) => (i * 167) & 0xff))], 'upstream.malformed'],
    ['is a SOCKS5 proxy', [{ after: 1, say: hex('05 ff'), leave: 'end' }], 'upstream.malformed'],
    ['sends its refusal byte by byte', dripped('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'), 'upstream.refused'],
    ['hangs up at once', [{ after: 0, leave: 'end' }], 'upstream.malformed'],
    ['hangs up within its answer', [answers('HTTP/1.1 200 ok\r\nA: b\r\n', 'end')], 'upstream.malformed'],
    ['resets within its answer', [answers('HTTP/1.1 200 ok\r\nA: b\r\n', 'reset')], 'upstream.malformed'],
    ['hangs up after 100', [answers('HTTP/1.1 100 Continue\r\n\r\n', 'end')], 'upstream.malformed'],
  ])('that %s', async (_, turns, code) => {
    await expectRefused(turns, 'http', code)
  })

  test('refuses a plain request and a SOCKS5 client alike', async () => {
    for (const ask of ['get', 'socks5'] as const) {
      await expectRefused([answers('HTTP/1.1 403 No\r\n\r\n')], 'http', 'upstream.refused', { ask })
      await expectRefused([answers('HTTP/1.1 2')], 'http', 'dial.timeout', { ask, dialMs: 200 })
    }
  })

  test('that takes the login and is silent, or is silent in the midst of its answer, is given up at the deadline', async () => {
    await expectRefused([], 'http', 'dial.timeout', { dialMs: 200, login: secret })
    await expectRefused(dripped('HTTP/1.1 200 ok\r\n'), 'http', 'dial.timeout', { dialMs: 200 })
    await expectRefused([answers('HTTP/1.1 407 open-sesame\r\n\r\n')], 'http', 'upstream.unauthenticated', { login: secret })
  })

  test('whose answer announces a body opens a tunnel all the same: what follows the head is the destination’s', async () => {
    const head = 'HTTP/1.1 200 ok\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'
    const proxy = await doorBehind(await scriptedProxy([...dripped(head), answers(`${'0\r\n\r\n'.repeat(40_000)}!`)]), 'http')
    const client = await proxy.connect()
    client.send(asks.connect.says)
    await client.receives('!')
    expect(client.text.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toBe(`${'0\r\n\r\n'.repeat(40_000)}!`)
    client.end()
  })

  test('that says yes and leaves has opened a tunnel that ends: by a FIN in order, by a reset as a reset', async () => {
    for (const [leave, ending] of [
      ['end', 'completed'],
      ['reset', 'reset'],
    ] as const) {
      const hostile = await scriptedProxy([{ after: 'ping', say: 'pong', leave }, answers('HTTP/1.1 200 ok\r\n\r\n')].reverse())
      const proxy = await doorBehind(hostile, 'http')
      const client = await proxy.connect()
      client.send(asks.connect.says)
      await client.receives('200')
      client.send('ping')
      if (leave === 'end') {
        await client.receives('pong')
        await client.receivesEnd()
        client.end()
      } else await client.receivesReset()
      await proxy.flowsOver(1)
      expect(proxy.writer.ended).toMatchObject([{ ending, via: `127.0.0.1:${hostile.port}`, up: 4 }])
    }
  })

  test('that says yes to a plain request and then nothing, or nonsense, is a broken answer', async () => {
    const cases = [
      [[answers('HTTP/1.1 200 ok\r\n\r\n', 'end')], 'relay.truncated'],
      [[answers('HTTP/1.1 200 ok\r\n\r\nHTTP/1.1 200 ok\r\nContent-Length: 9\r\n\r\nhalf', 'end')], 'relay.truncated'],
      [[answers('HTTP/1.1 200 ok\r\n\r\nwhat?\r\n\r\n')], 'relay.malformed-response'],
    ] as const satisfies readonly (readonly [readonly Turn[], ErrorCode])[]
    for (const [turns, code] of cases) {
      const proxy = await doorBehind(await scriptedProxy(turns), 'http')
      const client = await proxy.connect()
      client.send(asks.get.says)
      await proxy.flowsOver(1)
      expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code, dialled: AMERICA }])
    }
  })
})

const noLogin: Turn = { after: 3, say: hex('05 00') }
const replies = (bytes: string, leave?: Turn['leave']): readonly Turn[] => [
  noLogin,
  { after: 13, say: hex(bytes), ...(leave === undefined ? {} : { leave }) },
]

describe('a SOCKS5 proxy', () => {
  test.each<[string, readonly Turn[], ErrorCode]>([
    ['takes no method', [{ after: 3, say: hex('05 ff') }], 'upstream.unauthenticated'],
    ['takes no method and leaves', [{ after: 3, say: hex('05 ff'), leave: 'end' }], 'upstream.unauthenticated'],
    ['takes no method and resets', [{ after: 3, say: hex('05 ff'), leave: 'reset' }], 'upstream.unauthenticated'],
    ['chooses a login that nobody offered', [{ after: 3, say: hex('05 02') }], 'upstream.malformed'],
    ['chooses GSSAPI', [{ after: 3, say: hex('05 01') }], 'upstream.malformed'],
    ['speaks SOCKS4', [{ after: 3, say: hex('00 5a 0000 00000000') }], 'upstream.malformed'],
    ['speaks HTTP', [{ after: 3, say: 'HTTP/1.1 200 ok\r\n\r\n' }], 'upstream.malformed'],
    ['replies in SOCKS4', replies('04 00 00 01 00000000 0000'), 'upstream.malformed'],
    ['replies with an address of no type', replies('05 00 00 02 00000000 0000'), 'upstream.malformed'],
    ['replies with a name that is no text', replies('05 00 00 03 02 c328 0000'), 'upstream.malformed'],
    ['replies with code 9', replies('05 09 00 01 00000000 0000'), 'upstream.malformed'],
    ['replies with code 255', replies('05 ff 00 01 00000000 0000'), 'upstream.malformed'],
    ['refuses and names itself', replies('05 02 00 03 04 66697665 1f90'), 'upstream.refused'],
    ['replies by half and leaves', replies('05 00 00 03 ff 61', 'end'), 'upstream.malformed'],
    ['replies by half and resets', replies('05 00 00 04 0000', 'reset'), 'upstream.malformed'],
    ['hangs up at once', [{ after: 0, leave: 'end' }], 'upstream.malformed'],
    ['hangs up after the method', [noLogin, { after: 13, leave: 'end' }], 'upstream.malformed'],
  ])('that %s', async (_, turns, code) => {
    await expectRefused(turns, 'socks5', code)
  })

  test.each<[number, ErrorCode]>([
    [1, 'dial.failed'],
    [2, 'upstream.refused'],
    [3, 'dial.network-unreachable'],
    [4, 'dial.host-unreachable'],
    [5, 'dial.refused'],
    [6, 'dial.host-unreachable'],
    [7, 'upstream.refused'],
    [8, 'dial.host-unreachable'],
  ])('that replies %i, whole or byte by byte, to every kind of client', async (code, expected) => {
    const bytes = `05 0${code} 00 01 00000000 0000`
    const drips: readonly Turn[] = [noLogin, ...Array.from(hex(bytes), (byte) => ({ after: 13, say: Uint8Array.of(byte) }))]
    for (const ask of ['connect', 'get', 'socks5'] as const) {
      await expectRefused(replies(bytes), 'socks5', expected, { ask })
      await expectRefused(drips, 'socks5', expected, { ask })
    }
  })

  test('that does not accept the login, by any status but 0', async () => {
    const wants: Turn = { after: 4, say: hex('05 02') }
    for (const status of ['01 01', '01 ff', '05 01'])
      await expectRefused([wants, { after: 22, say: hex(status), leave: 'end' }], 'socks5', 'upstream.unauthenticated', { login: secret })
    await expectRefused([wants, { after: 22, say: hex('02 00') }], 'socks5', 'upstream.malformed', { login: secret })
    await expectRefused([wants, { after: 22, leave: 'end' }], 'socks5', 'upstream.malformed', { login: secret })
    await expectRefused([wants], 'socks5', 'dial.timeout', { login: secret, dialMs: 200 })
  })

  test('that is silent at any point of the handshake is given up at the deadline', async () => {
    for (const turns of [[], [{ after: 3, say: hex('05') }], [noLogin], replies('05 00 00 01 00000000 00')])
      await expectRefused(turns, 'socks5', 'dial.timeout', { dialMs: 200 })
  })

  test('that says yes with a name for where it is opens the tunnel behind that name', async () => {
    const proxy = await doorBehind(await scriptedProxy(replies('05 00 00 03 04 66697665 1f90 | 6869')), 'socks5')
    const client = await proxy.connect()
    client.send(asks.connect.says)
    await client.receives('\r\n\r\nhi')
    client.end()
  })
})

test.each(['http', 'socks5'] as const)('a %s proxy that resets at once was not reached, or left', async (type) => {
  await expectRefused([{ after: 0, leave: 'reset' }], type, /^upstream\.(unreachable|malformed)$/)
})

test('a client that leaves while the proxy is silent takes the connection with it', async () => {
  const hostile = await scriptedProxy([noLogin])
  const proxy = await doorBehind(hostile, 'socks5', { dialMs: 60_000 })
  const client = await proxy.connect()
  client.send(asks.connect.says)
  await eventually('the request', () => (hostile.received[0]?.length ?? 0) >= 13)
  client.reset()
  await proxy.flowsOver(1)
  expect(proxy.writer.ended).toMatchObject([{ ending: 'client-gone', code: 'client.gone' }])
  await eventually('its connection closed', () => hostile.open === 0)
})

describe('whatever a proxy says, in whatever pieces, and then leaves', () => {
  const noise = fc.uint8Array({ maxLength: 60 })
  /** An answer with some bytes that are others. */
  const nearly = (bytes: Uint8Array) =>
    fc
      .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((changes) => changes.reduce((all, [at, byte]) => all.with(at, byte), Uint8Array.from(bytes)))
  const pieces = (whole: fc.Arbitrary<Uint8Array>) => fc.tuple(whole, fc.array(fc.nat(80), { maxLength: 4 }))

  const properties = [
    [
      'http',
      connectByHttp,
      fc.oneof(
        noise,
        nearly(Buffer.from('HTTP/1.1 200 ok\r\nA: b\r\n\r\n')),
        nearly(Buffer.from('HTTP/1.1 403 No\r\n\r\nHTTP/1.1 200 ok\r\n\r\n')),
      ),
      (said: Buffer) => /^(HTTP\/1\.[0-9] 1.*\r\n\r\n)?HTTP\/1\.[0-9] 2[0-9]{2}[ \r].*\r\n\r\n/s.test(said.toString('latin1')),
    ],
    [
      'socks5',
      connectBySocks5,
      fc.oneof(noise, nearly(hex('05 00 | 05 00 00 01 00000000 0000')), nearly(hex('05 00 | 05 01 00 03 02 6161 0000'))),
      (said: Buffer) => said.length >= 9 && said[0] === 5 && said[1] === 0 && said[2] === 5 && said[3] === 0,
    ],
  ] as const

  test.each(properties)('%s: no tunnel opens but by a yes, and what fails has a code', async (type, handshake, answer, isYes) => {
    const to = { host: ip(AMERICA), port: 443 }
    const hop: Hop = { type, server: { host: ip('127.0.0.1'), port: 1 }, login: null, tls: null }
    await fc.assert(
      fc.asyncProperty(pieces(answer), async ([whole, cuts]) => {
        const { near, far } = await streamPair()
        const done = handshake(near, to, hop, never, null).then(
          () => 'open',
          (error: unknown) => (error instanceof RingfenceError ? error.code : error),
        )
        const marks = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
        for (const [i, mark] of marks.entries()) far.send(whole.slice(mark, marks[i + 1] ?? whole.length))
        far.end()
        const outcome = await done
        near.destroy()
        far.socket.destroy()
        if (outcome === 'open') expect(isYes(Buffer.from(whole))).toBe(true)
        else expect(outcome).toMatch(/^(upstream|dial)\./)
      }),
      { numRuns: 500, interruptAfterTimeLimit: 1_500 },
    )
  })
})
