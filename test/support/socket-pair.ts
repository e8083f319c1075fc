/** Real sockets on loopback: the far end as a `Peer` that says what it received, the near end as it was accepted or as a stream. */
import { type EventEmitter, once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import type { Stop } from '../../src/model/stop.ts'
import { acceptFrom } from '../../src/pipeline/accept.ts'
import { ByteStream } from '../../src/pipeline/byte-stream.ts'
import { TcpConnection } from '../../src/pipeline/tcp-connection.ts'
import type { Wire } from '../../src/pipeline/wire.ts'

/** Longer than anything here takes; a test that waits so long has failed. */
const PATIENCE_MS = 8_000

/** One end of a connection. It keeps what it received, and every wait is bounded and says what was missing. */
export class Peer {
  readonly socket: net.Socket
  /** Whether the other end sent its FIN. */
  ended = false
  closed = false
  /** Why it closed, as `ECONNRESET`, or `null`. */
  errno: string | null = null
  count = 0
  readonly #chunks: Buffer[] = []
  readonly #waiting = new Set<() => void>()

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.count += chunk.length
      this.#changed()
    })
    socket.on('end', () => {
      // libuv tells a reset that comes together with data as an end; the kernel then knows no peer any more.
      const { _handle: handle } = socket as unknown as { _handle: { getpeername(out: object): number } | null }
      if (!socket.writableEnded && handle !== null && handle.getpeername({}) !== 0) {
        socket.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
        return
      }
      this.ended = true
      this.#changed()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errno = error.code ?? error.message
    })
    socket.on('close', () => {
      this.closed = true
      this.#changed()
    })
  }

  /** `paused`: reads nothing until `socket.resume()`. */
  static async connect(port: number, { paused = false, host = '127.0.0.1' } = {}): Promise<Peer> {
    const socket = net.connect({ host, port, allowHalfOpen: true, noDelay: true })
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    const peer = new Peer(socket)
    if (paused) socket.pause()
    return peer
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  send(data: string | Uint8Array): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Sends each byte in a segment of its own. */
  async drip(data: string | Uint8Array): Promise<void> {
    for (const byte of typeof data === 'string' ? Buffer.from(data, 'latin1') : data) {
      this.socket.write(Uint8Array.of(byte))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  end(): void {
    this.socket.end()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!holds()) {
      const left = deadline - Date.now()
      if (left <= 0)
        throw new Error(`waited for ${what}; received ${this.count} bytes: ${JSON.stringify(this.text.slice(0, 500))}, ${this.state}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, left)
        const waiting = this.#waiting
        waiting.add(wake)
        function wake() {
          clearTimeout(timer)
          waiting.delete(wake)
          resolve()
        }
      })
    }
  }

  /** Waits until this text was received, and returns all that was. */
  async receives(text: string): Promise<string> {
    await this.until(JSON.stringify(text), () => this.text.includes(text))
    return this.text
  }

  async receivesBytes(count: number): Promise<Buffer> {
    await this.until(`${count} bytes`, () => this.count >= count)
    return this.bytes
  }

  /** Waits for the FIN and returns all that came before it. A reset is an error. */
  async receivesEnd(): Promise<string> {
    await this.until('the end', () => this.ended || this.closed)
    if (!this.ended || this.errno !== null)
      throw new Error(`wanted a clean end, got ${this.state}: ${JSON.stringify(this.text.slice(0, 500))}`)
    return this.text
  }

  /** Waits until the connection was reset; returns all that came before. A clean end is an error. */
  async receivesReset(): Promise<string> {
    await this.until('a reset', () => this.closed || this.ended)
    if (this.errno !== 'ECONNRESET') throw new Error(`wanted a reset, got ${this.state}`)
    return this.text
  }

  get state(): string {
    return this.errno ?? (this.closed ? 'closed' : this.ended ? 'ended' : 'open')
  }

  #changed(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}

/** How the near end is carried: by its handle, or as where Node does not give handles away. */
export type Reading = 'handle' | 'events'

/** A connection whose near end was accepted as doors accept. */
export async function streamPair(
  reading: Reading = 'handle',
  options: { readonly paused?: boolean } = {},
): Promise<{ readonly near: ByteStream; readonly far: Peer }> {
  const { near: wire, far } = await wirePair(reading, options)
  const near = ByteStream.over(wire)
  onTestFinished(() => near.destroy())
  return { near, far }
}

/** The same, with nothing read yet. */
export async function wirePair(
  reading: Reading = 'handle',
  options: { readonly paused?: boolean } = {},
): Promise<{ readonly near: TcpConnection | net.Socket; readonly far: Peer }> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  const accepting = new Promise<TcpConnection | net.Socket>((resolve, reject) => {
    server.on('connection', resolve)
    if (reading === 'handle') acceptFrom(server, resolve, reject)
  })
  const far = await Peer.connect((server.address() as net.AddressInfo).port, options)
  const near = await accepting
  if (near instanceof TcpConnection !== (reading === 'handle')) throw new Error(`not carried by ${reading}`)
  return { near, far }
}

export const listeners = (wire: Wire, event: string): number => (wire as Wire & EventEmitter).listenerCount(event)

export const never: AbortSignal = new AbortController().signal

export const within = (milliseconds: number): AbortSignal => AbortSignal.timeout(milliseconds)

/** Resolves when the signal fires. */
export const fired = (signal: Stop): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(() => reject(new Error('the signal did not fire')), PATIENCE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
