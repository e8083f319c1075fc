/** Origin servers for tests: raw TCP and HTTP/1.1 by hand, so that they can misbehave to the byte. */
import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import { Peer } from './socket-pair.ts'

export interface Origin {
  readonly port: number
  /** Every connection so far, in order. */
  readonly connections: readonly Peer[]
  /** Heads of all requests so far, in order (HTTP origins). */
  readonly heads: readonly string[]
  readonly bodies: readonly string[]
  /** Waits for the connection of this number, counted from 1. */
  connection(number: number): Promise<Peer>
}

export interface HttpRequest {
  readonly head: string
  readonly body: string
  /** What came behind the request, on an upgraded connection, arrives here. */
  readonly peer: Peer
}

/** Serves each connection; `host` may be another loopback address. */
export async function startOrigin(serve: (peer: Peer) => unknown, host = '127.0.0.1'): Promise<Origin> {
  return await start(serve, host, [], [])
}

async function start(serve: (peer: Peer) => unknown, host: string, heads: string[], bodies: string[]): Promise<Origin> {
  const connections: Peer[] = []
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new Peer(socket)
    connections.push(peer)
    server.emit('peer')
    Promise.resolve(serve(peer)).catch(() => socket.destroy())
  })
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const { socket } of connections) socket.destroy()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    connections,
    heads,
    bodies,
    async connection(number) {
      const signal = AbortSignal.timeout(8_000)
      while (connections.length < number) await once(server, 'peer', { signal })
      return connections[number - 1]!
    },
  }
}

/** Sends back what it receives, and its FIN for a FIN. */
export const echo = (peer: Peer): void => {
  peer.socket.on('data', (chunk) => peer.socket.write(chunk))
  peer.socket.on('end', () => peer.end())
}

/** Speaks first, as SSH and SMTP servers do, then echoes. */
export const bannerFirst =
  (banner: string) =>
  (peer: Peer): void => {
    peer.send(banner)
    echo(peer)
  }

/** Answers only once the client has ended its side. */
export const answersAfterFin =
  (answer: (received: string) => string) =>
  async (peer: Peer): Promise<void> => {
    await peer.receivesEnd()
    peer.send(answer(peer.text))
    peer.end()
  }

/** Takes what comes and says nothing. */
export const silent = (): void => {}

/** Answers each request with `answer`: bytes, or whatever it does with the peer. */
export async function startHttpOrigin(
  answer: (request: HttpRequest) => string | undefined | Promise<string | undefined>,
  host?: string,
): Promise<Origin> {
  const heads: string[] = []
  const bodies: string[] = []
  const serve = async (peer: Peer) => {
    let read = 0
    for (;;) {
      const at = read
      await peer.until('a request', () => peer.text.indexOf('\r\n\r\n', at) >= 0 || peer.ended || peer.closed)
      const end = peer.text.indexOf('\r\n\r\n', at)
      if (end < 0) return peer.end()
      const head = peer.text.slice(at, end + 4)
      heads.push(head)
      const early = /^expect: *100-continue/im.test(head)
      if (early) await Promise.resolve(answer({ head, body: '', peer })).then((text) => text && peer.send(text))
      const size = await bodySize(peer, head, end + 4)
      const body = peer.text.slice(end + 4, end + 4 + size)
      bodies.push(body)
      read = end + 4 + size
      if (!early) {
        const text = await answer({ head, body, peer })
        if (text) peer.send(text)
      }
      if (/^upgrade:/im.test(head) || peer.socket.writableEnded || peer.socket.destroyed) return
    }
  }
  return await start(serve, host ?? '127.0.0.1', heads, bodies)
}

async function bodySize(peer: Peer, head: string, start: number): Promise<number> {
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const end = () => /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(peer.text.slice(start))
    await peer.until('the last chunk', () => end() !== null || peer.closed)
    const last = end()
    return last === null ? 0 : last.index + last[0].length
  }
  await peer.until('the body', () => peer.count >= start + length || peer.closed)
  return length
}

/** `HTTP/1.1 200 OK` with a length and a body. */
export const ok = (body: string, ...fields: readonly string[]): string =>
  ['HTTP/1.1 200 OK', `Content-Length: ${Buffer.byteLength(body, 'latin1')}`, ...fields, '', body].join('\r\n')
