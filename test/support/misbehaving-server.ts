/**
 * Update servers as they are met: a file server that can keep to the rules or break each of them, over real sockets on
 * loopback, in clear or in TLS with a certificate of its own for `updates.test`.
 */
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'

export interface Asked {
  /** Counts the requests from 1. */
  readonly number: number
  readonly path: string
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>
  /** Where the wanted bytes begin, if a range is asked for. */
  readonly from: number | null
}

/** Does with the connection what it likes. */
export type Answering = (asked: Asked, socket: net.Socket) => void

export interface MisbehavingServer {
  readonly port: number
  readonly asked: readonly Asked[]
  /** Connections that are open. */
  readonly open: number
}

/** The n-th request gets the n-th answer, the later ones the last. */
export async function misbehave(
  answers: Answering | readonly Answering[],
  transport: 'clear' | 'tls' = 'clear',
): Promise<MisbehavingServer> {
  const turns = typeof answers === 'function' ? [answers] : answers
  const asked: Asked[] = []
  const sockets = new Set<net.Socket>()
  const serve = (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let received = ''
    socket.on('data', (chunk) => {
      if (received.includes('\r\n\r\n')) return
      received += chunk.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      const request = readAsked(received, asked.length + 1)
      asked.push(request)
      turns[Math.min(request.number, turns.length) - 1]?.(request, socket)
    })
  }
  const server = net.createServer((socket) => {
    if (transport === 'clear') return serve(socket)
    const secured = new tls.TLSSocket(socket, { isServer: true, key: certificate.key, cert: certificate.cert })
    carriers.set(secured, socket)
    socket.on('error', () => undefined)
    serve(secured)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    asked,
    get open() {
      return sockets.size
    },
  }
}

/** The connection below TLS: only that can be reset. */
const carriers = new WeakMap<net.Socket, net.Socket>()

function readAsked(text: string, number: number): Asked {
  const [first = '', ...lines] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n')
  const fields = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const range = /^bytes=(\d+)-$/.exec(fields.range ?? '')
  return { number, path: first.split(' ')[1] ?? '', fields, from: range === null ? null : Number(range[1]) }
}

export interface Serving {
  /** With quotes. */
  readonly etag?: string
  readonly modified?: string
  readonly type?: string
  /** Range is not understood: always the whole. */
  readonly ignoresRange?: boolean
  /** If-Range is not understood: the range of whatever it has now. */
  readonly ignoresIfRange?: boolean
  /** In place of the right Content-Range. */
  readonly contentRange?: string
  /** In place of the right Content-Length; `null`: none, the end of the connection ends the body. */
  readonly length?: number | null
  /** The connection is cut after so many bytes of the body: by a FIN, or by a reset. */
  readonly cutAfter?: number
  readonly cutBy?: 'end' | 'reset'
  /** After so many bytes of the body nothing more comes. */
  readonly stallAfter?: number
  /** Bytes in each write, with a turn of the event loop between. */
  readonly piece?: number
}

const DATE = 'Sun, 01 Nov 2026 12:00:00 GMT'

/** A file, by the rules (RFC 9110 §13, §14) but for what `serving` says. */
export function serveFile(content: Uint8Array, serving: Serving = {}): Answering {
  const { etag, modified, type = 'application/octet-stream', ignoresRange = false, ignoresIfRange = false } = serving
  return ({ fields, from }, socket) => {
    const unchanged = ignoresIfRange || fields['if-range'] === undefined || fields['if-range'] === (etag ?? modified)
    const begin = from !== null && !ignoresRange && unchanged ? from : null
    if (begin !== null && begin >= content.length) {
      socket.end(headOf(416, { 'content-range': `bytes */${content.length}`, 'content-length': '0' }))
      return
    }
    const body = content.subarray(begin ?? 0)
    const length = serving.length === undefined ? body.length : serving.length
    socket.write(
      headOf(begin === null ? 200 : 206, {
        date: DATE,
        'content-type': type,
        ...(etag === undefined ? {} : { etag }),
        ...(modified === undefined ? {} : { 'last-modified': modified }),
        ...(length === null ? {} : { 'content-length': String(length) }),
        ...(begin === null ? {} : { 'content-range': serving.contentRange ?? `bytes ${begin}-${content.length - 1}/${content.length}` }),
      }),
    )
    void sendBody(socket, body, serving)
  }
}

async function sendBody(socket: net.Socket, body: Uint8Array, { cutAfter, cutBy = 'end', stallAfter, piece }: Serving): Promise<void> {
  const sent = body.subarray(0, cutAfter ?? stallAfter ?? body.length)
  for (let at = 0; at < sent.length && !socket.destroyed; at += piece ?? sent.length) {
    socket.write(sent.subarray(at, at + (piece ?? sent.length)))
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (stallAfter !== undefined) return
  if (cutAfter === undefined || cutBy === 'end') socket.end()
  // Only once all is on its way: a reset throws away what still waits.
  else socket.write('', () => setTimeout(() => (carriers.get(socket) ?? socket).resetAndDestroy(), 20))
}

/** A status without much of a body. */
export const answerStatus =
  (status: number, fields: Readonly<Record<string, string>> = {}, body = ''): Answering =>
  (_asked, socket) =>
    socket.end(headOf(status, { date: DATE, 'content-length': String(Buffer.byteLength(body)), ...fields }) + body)

export const redirectTo = (location: string, status = 302): Answering => answerStatus(status, { location }, 'moved')

export const sayRaw =
  (text: string): Answering =>
  (_asked, socket) =>
    socket.end(text)

export const sayNothing: Answering = () => undefined

/** Bytes without end, of which no length was announced. */
export const endless: Answering = (_asked, socket) => {
  socket.write(headOf(200, { 'content-type': 'application/octet-stream' }))
  const piece = Buffer.alloc(65_536, 1)
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', more)
  more()
}

const headOf = (status: number, fields: Readonly<Record<string, string>>): string =>
  [`HTTP/1.1 ${status} Whatever`, ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')

const pem = (label: string, base64: string): string => `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`

/** Self-signed, for `updates.test`, 2020 to 2120; made for these tests and used nowhere else. */
export const certificate = {
  cert: pem(
    'CERTIFICATE',
    'MIIBajCCARCgAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAx1cGRhdGVzLnRlc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcx' +
      'FTATBgNVBAMMDHVwZGF0ZXMudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBKvIIkyEh4wG9npsUiJK82h++5Trn3h2Ki3faWrTC0G0Pl9ogHKtXIP' +
      '8rYWop4CZhCaK5ua3t54hUtkxYJtpoyjSzBJMBcGA1UdEQQQMA6CDHVwZGF0ZXMudGVzdDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBR5ft011JShuqpD' +
      'GfWcrgDSKMiZzzAKBggqhkjOPQQDAgNIADBFAiEAhGHpDc7NgzI1nSy89aOTTKIbweWQ0Au6hvKWplIZCSoCIEtBtBegndNlMNb3w23KvMBevyOaOyT1vyvK' +
      '5+PTKnoW',
  ),
  key: createPrivateKey({
    key: Buffer.from(
      'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLyTiZwqxRHmPsSadf9bTyh5etY5kcIcqVqKdFQKejy6hRANCAAQSryCJMhIeMBvZ6bFIiSvN' +
        'ofvuU6594diot32lq0wtBtD5faIByrVyD/K2FqKeAmYQmiubmt7eeIVLZMWCbaaM',
      'base64',
    ),
    format: 'der',
    type: 'pkcs8',
  }).export({ format: 'pem', type: 'pkcs8' }),
}
