/**
 * The same random request through Ringfence, Squid and Apache into one origin. Whatever Ringfence passes on must be read
 * by two strangers as the request that was sent, whole, alone and nothing else. What the others do with it is counted
 * and printed, not judged. `FUZZ_SECONDS` sets the time, `FUZZ_SEED` repeats a run.
 */
import { once } from 'node:events'
import net from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, openProxy, type Proxy as Ringfence } from '../support/proxy-under-test.ts'
import { doubtfulRequests } from './doubtful-requests.ts'
import { type NodeRequest, readByNode } from './node-reader.ts'
import { type Peers, startPeers } from './peers.ts'
import { type Message, readRequest, readResponse, valuesOf } from './strict-reader.ts'

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 20)
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** After so long without a byte, nothing more will come. */
const QUIET_MS = 60

interface Read {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly body: string
}

/** Once a run, and never lost among the names of tests. */
const say = (text: string): void => void process.stdout.write(`differential: ${text}\n`)

const ANSWER = 'HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nok'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

let peers: Peers
beforeAll(async () => {
  peers = await startPeers()
})
afterAll(() => peers.stop())

test('whatever is passed on, others read as what was sent', { timeout: SECONDS * 1_000 + 60_000 }, async (context) => {
  for (const name of peers.missing) say(`${name} is not installed here; nothing is compared with it`)
  const origin = await strictOrigin()
  const proxy = await openProxy({
    names: { localhost: ['127.0.0.1'] },
    routes: { '127.0.0.1': origin.port },
    headMs: 1_000,
    idleMs: 1_000,
  })
  const tally = new Tally()
  const requests = doubtfulRequests(origin.port)
  say(`FUZZ_SEED=${SEED}, ${SECONDS} s`)
  try {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        const before = origin.connections.length
        const refusalsBefore = proxy.malformed.length
        const dialsBefore = proxy.dialer.tried.length
        const [own, ...others] = await Promise.all([through(proxy.port, sent), ...peers.running.map(({ port }) => through(port, sent))])
        await flowsOver(proxy)
        const since = origin.connections.slice(before)
        const passed = since.filter(({ from }) => from === '127.0.0.1').map(({ text }) => text)
        await judge(sent, passed, proxy.dialer.tried.slice(dialsBefore))
        tally.count(sent, passed.length > 0, own ?? '', proxy.malformed.slice(refusalsBefore)[0] ?? null)
        for (const [i, { name, from }] of peers.running.entries()) {
          const theirs = since.filter((connection) => connection.from === from).map(({ text }) => text)
          tally.compare(name, sent, passed, own ?? '', theirs, others[i] ?? '')
        }
        origin.forget()
      }),
      { seed: SEED, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1_000, includeErrorInReport: true },
    )
  } finally {
    say(tally.report())
  }
  expect(tally.runs).toBeGreaterThan(0)
  expect(tally.passed).toBeGreaterThan(0)
  if (peers.running.length === 0) context.skip('neither squid nor apache2-bin is installed: only our own readings were compared')
})

test('the judge knows what must never be passed on', async () => {
  const sent = 'POST http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'
  const right = 'POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 5\r\n\r\nhello'
  await judge(sent, [right])
  await judge(sent, [right.slice(0, -1)])
  for (const wrong of [
    right.replace('POST', 'PUT'),
    right.replace(' / ', ' /x '),
    right.replace('127.0.0.1:1', 'x'),
    right.replace('hello', 'jello'),
    right.replace('5', '3'),
    right.replace('Content', 'Transfer-Encoding: chunked\r\nContent'),
    right.replace('Content-Length: 5', 'Content-Length: 5\r\n : x'),
    right.replace('\r\n\r\n', '\r\n\n'),
    `${right}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`,
  ])
    await expect(judge(sent, [wrong]), wrong).rejects.toThrow()
  await expect(judge(sent, [right, right]), 'twice').rejects.toThrow()
  await expect(judge(sent, [right], ['127.0.0.1:2']), 'another port').rejects.toThrow()
})

test('it knows what may go through a tunnel', async () => {
  const tunnel = 'CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n'
  await judge(tunnel, ['GET /a HTTP/1.1\r\nHost: x\r\n\r\n'], ['127.0.0.1:1'])
  await expect(judge(tunnel, ['GET /a HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n']), 'a request behind a tunnel').rejects.toThrow()
  const upgrade = (offered: string) => `Connection: Upgrade\r\nUpgrade: ${offered}\r\n\r\n`
  const sent = (offered: string) => `GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\n${upgrade(offered)}raw`
  const got = (offered: string, rest: string) => `GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n${upgrade(offered)}${rest}`
  await judge(sent('websocket'), [got('websocket', 'raw')])
  await expect(judge(sent('websocket'), [got('websocket', 'war')]), 'other bytes').rejects.toThrow()
  await expect(judge(sent('irc'), [got('irc', 'raw')]), 'bytes behind no switch').rejects.toThrow()
})

/** What two strangers make of the bytes that were passed on, against what they make of those that were sent. */
async function judge(sent: string, passed: readonly string[], dialled: readonly string[] = []): Promise<void> {
  const { whole: meant, endpoints } = carefully(sent)
  for (const endpoint of dialled) expect(endpoints, 'where it leads').toContain(endpoint)
  const meantByNode = (await readByNode(sent.replace(/^\r\n/, ''))).requests.map(wanted)
  let next = 0
  for (const text of passed) {
    const tunnel = meant.findIndex((one, k) => k >= next && one.method === 'CONNECT' && one.rest.startsWith(text))
    if (tunnel >= 0) {
      next = meant.length
      continue
    }
    const reading = readRequest(text)
    const byNode = await readByNode(text)
    if (reading.kind === 'nonsense') throw new Error(`passed on what is no request: ${reading.why}: ${JSON.stringify(text)}`)
    if (reading.kind === 'more') {
      // The rest never came from the client: nobody may take it for whole.
      expect(byNode.requests, `a part that looks whole: ${JSON.stringify(text)}`).toEqual([])
      continue
    }
    const got = readOf(reading.message)
    const mayFollow = switches(reading.message)
    if (!byNode.abstains) expect(byNode.requests.slice(0, mayFollow ? 1 : undefined).map(requestOf), 'what node reads').toEqual([got])
    // One before it may have been refused, for its host is unknown.
    const found = meant.findIndex((one, k) => k >= next && isDeepStrictEqual(wanted(one), got))
    const one = meant[found]
    if (one === undefined) throw new Error(`passed on what was not sent: ${JSON.stringify(got)}, of ${JSON.stringify(meant.slice(next))}`)
    const node = meantByNode[found]
    if (node !== undefined) expect(node, 'strangers differ on what was sent').toEqual(got)
    const behind = text.slice(reading.end)
    if (mayFollow) expect(one.rest.startsWith(behind), `not what stands behind a switch: ${JSON.stringify(text)}`).toBe(true)
    else expect(behind, `bytes behind the request: ${JSON.stringify(text)}`).toBe('')
    // Behind a switch there are no more requests.
    next = mayFollow ? meant.length : found + 1
  }
}

/** Whether the origin leaves HTTP behind this request. */
const switches = ({ fields }: Message): boolean =>
  /\bupgrade\b/i.test(valuesOf(fields, 'connection').join()) && /\bwebsocket\b/i.test(valuesOf(fields, 'upgrade').join())

interface Sent {
  readonly method: string
  readonly target: string
  readonly body: string
  /** What stands behind it. */
  readonly rest: string
}

/** What an origin is to be asked. */
const wanted = ({ method, target, body }: Omit<Sent, 'rest'>): Read => ({ method, body, ...fromTarget(method, target) })

const requestOf = ({ method, target, host, body }: NodeRequest): Read => ({ method, path: target, host: host ?? '', body })

/** Host and path of a target in absolute form, by the URL standard's reading. */
function fromTarget(method: string, target: string): Pick<Read, 'path' | 'host'> {
  const [, rest = ''] = /^[a-z]+:\/\/[^/?]*(.*)$/i.exec(target) ?? []
  const path = rest === '' ? (method === 'OPTIONS' ? '*' : '/') : rest.startsWith('/') ? rest : `/${rest}`
  return { path, host: URL.canParse(target) ? new URL(target).host : '' }
}

/** Where a request leads, by the URL standard's reading. */
function endpointOf(method: string, target: string): readonly string[] {
  const text = method === 'CONNECT' ? `http://${target}` : target
  if (!URL.canParse(text)) return []
  const { hostname, port } = new URL(text)
  return [`${hostname === 'localhost' ? '127.0.0.1' : hostname}:${port === '' ? '80' : port}`]
}

function readOf({ start, fields, body }: Message): Read {
  const [method = '', path = ''] = start.split(' ')
  return { method, path, host: valuesOf(fields, 'host')[0] ?? '', body }
}

/** Every whole request that a careful reader makes out, one behind the other, and where these and one with a broken body lead. */
function carefully(text: string): { readonly whole: readonly Sent[]; readonly endpoints: readonly string[] } {
  const read: Sent[] = []
  const endpoints: string[] = []
  for (let at = 0; at < text.length; ) {
    // RFC 9112 §2.2: an empty line before a request is skipped.
    const from = text.startsWith('\r\n', at) ? at + 2 : at
    const [method = '', target = ''] = text.slice(from).split(/[ \r\n]/, 2)
    endpoints.push(...endpointOf(method, target))
    const reading = readRequest(text, from, 'tolerant')
    if (reading.kind !== 'message') break
    const { fields, body } = reading.message
    if (method === 'CONNECT' && (body !== '' || valuesOf(fields, 'transfer-encoding').length > 0)) break
    read.push({ method, target, body, rest: text.slice(reading.end) })
    if (method === 'CONNECT') break
    at = reading.end
  }
  return { whole: read, endpoints }
}

/** Sends bytes to a proxy, and returns what it answers. */
async function through(port: number, sent: string): Promise<string> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
  let text = ''
  const over = new Promise<void>((resolve) => {
    let quiet = setTimeout(resolve, 10 * QUIET_MS)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      clearTimeout(quiet)
      quiet = setTimeout(resolve, QUIET_MS)
      if (whole(text) >= 2) resolve()
    })
    for (const event of ['end', 'error', 'close'] as const) socket.on(event, () => resolve())
    socket.once('connect', () => {
      socket.write(Buffer.from(sent, 'latin1'))
      clearTimeout(quiet)
      quiet = setTimeout(resolve, QUIET_MS)
    })
  })
  await over
  socket.destroy()
  return text
}

/** How many answers there are. */
function whole(text: string): number {
  for (let at = 0, count = 0; ; count++) {
    const reading = readResponse(text, at, 'GET', false)
    if (reading.kind !== 'message') return count
    at = reading.end
  }
}

const statusOf = (answer: string): string => /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 'none'

const flowsOver = (proxy: Ringfence): Promise<void> => eventually('every flow to be over', () => proxy.open === 0)

interface StrictOrigin {
  readonly port: number
  readonly connections: readonly { readonly from: string; readonly text: string }[]
  forget(): void
}

/** Answers each request that the strict reader takes, by a switch where it is asked for one, and closes on anything else. */
async function strictOrigin(): Promise<StrictOrigin> {
  let connections: { from: string; text: string }[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ noDelay: true }, (socket) => {
    const connection = { from: socket.remoteAddress ?? '', text: '' }
    connections.push(connection)
    sockets.add(socket)
    let at = 0
    let switched = false
    socket.on('data', (chunk: Buffer) => {
      connection.text += chunk.toString('latin1')
      while (!switched) {
        const reading = readRequest(connection.text, at)
        if (reading.kind === 'more') return
        if (reading.kind === 'nonsense') return socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        switched = switches(reading.message)
        socket.write(switched ? SWITCH : ANSWER)
        at = reading.end
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    get connections() {
      return connections
    },
    forget() {
      connections = []
    },
  }
}

/** What became of the requests, in numbers, with an example of each. */
class Tally {
  runs = 0
  passed = 0
  readonly #ours = new Map<string, number>()
  readonly #stricter = new Map<string, { count: number; example: string }>()
  readonly #laxer = new Map<string, { count: number; example: string }>()
  readonly #differing = new Map<string, { count: number; example: string }>()

  count(_sent: string, passed: boolean, answer: string, why: string | null): void {
    this.runs++
    if (passed) this.passed++
    const outcome = passed ? 'passed on' : reasonOf(answer, why)
    this.#ours.set(outcome, (this.#ours.get(outcome) ?? 0) + 1)
  }

  compare(peer: string, sent: string, passed: readonly string[], answer: string, theirs: readonly string[], theirAnswer: string): void {
    const [ours] = passed
    const [other] = theirs
    if (ours === undefined && other !== undefined) note(this.#stricter, `${peer}: ${reasonOf(answer, null)}`, sent)
    if (ours !== undefined && other === undefined) note(this.#laxer, `${peer}: ${statusOf(theirAnswer)}`, sent)
    // The same bytes are those of a tunnel.
    if (ours === undefined || other === undefined || ours === other) return
    const [a, b] = [readRequest(ours), readRequest(other)]
    if (b.kind === 'nonsense') note(this.#differing, `${peer}: the origin cannot read what it passes on: ${b.why.slice(0, 40)}`, sent)
    else if (a.kind !== b.kind) note(this.#differing, `${peer}: ours is ${a.kind}, theirs is ${b.kind}`, sent)
    if (a.kind !== 'message' || b.kind !== 'message') return
    const [mine, their] = [readOf(a.message), readOf(b.message)]
    for (const part of ['method', 'path', 'host', 'body'] as const)
      if (mine[part] !== their[part]) note(this.#differing, `${peer}: another ${part}`, sent)
  }

  report(): string {
    const table = (title: string, of: ReadonlyMap<string, { count: number; example: string }>) => [
      `${title}:`,
      ...[...of]
        .sort(([, a], [, b]) => b.count - a.count)
        .map(([what, { count, example }]) => `  ${count} × ${what}, as ${JSON.stringify(example).slice(0, 160)}`),
    ]
    return [
      `${this.runs} requests, ${this.passed} passed on by Ringfence`,
      ...[...this.#ours].sort(([, a], [, b]) => b - a).map(([what, count]) => `  ${count} × ${what}`),
      ...table('passed on by them, refused by us', this.#stricter),
      ...table('passed on by us, not by them', this.#laxer),
      ...table('passed on by both, read otherwise', this.#differing),
    ].join('\n')
  }
}

function note(in_: Map<string, { count: number; example: string }>, what: string, example: string): void {
  const known = in_.get(what)
  in_.set(what, { count: (known?.count ?? 0) + 1, example: known?.example ?? example })
}

/** Status and sentence of a refusal, without what differs from case to case. */
const reasonOf = (answer: string, why: string | null): string =>
  `${statusOf(answer)} ${(why ?? /\r\n\r\n(.*)/.exec(answer)?.[1] ?? 'no answer')
    .replace(/^HTTP: /, '')
    .replace(/".*"/, '…')
    .replace(/(value of|host) \S+/, '$1 …')
    .slice(0, 70)}`
