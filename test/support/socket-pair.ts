/** Real sockets on loopback: the far end as a `Peer` that says what it received, the near end as it was accepted or as a stream. */
import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import type { Stop } from '../../src/model/stop.ts'
import { ByteStream } from '../../src/pipeline/byte-stream.ts'

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

export interface AcceptedPair {
  readonly accepted: net.Socket
  readonly far: Peer
}

/** A connection whose near end was accepted as doors accept: paused, half-open. */
export async function acceptedPair(options: { readonly paused?: boolean } = {}): Promise<AcceptedPair> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  const accepting = once(server, 'connection') as Promise<[net.Socket]>
  const far = await Peer.connect((server.address() as net.AddressInfo).port, options)
  const [accepted] = await accepting
  return { accepted, far }
}

/** Where the bytes come from: Node's `onread`, or stream events as where there is no handle to be had. */
export type Reading = 'onread' | 'events'

export async function streamPair(
  reading: Reading = 'onread',
  options: { readonly paused?: boolean } = {},
): Promise<{ readonly near: ByteStream; readonly far: Peer }> {
  const { accepted, far } = await acceptedPair(options)
  const near = reading === 'onread' ? ByteStream.accepted(accepted) : withoutHandle(accepted)
  onTestFinished(() => near.destroy())
  return { near, far }
}

/** The handle is made to look unknown for as long as the stream asks for it. */
function withoutHandle(accepted: net.Socket): ByteStream {
  const { _handle: handle } = accepted as unknown as { _handle: { readStop?: unknown } }
  Object.defineProperty(handle, 'readStop', { value: undefined, configurable: true })
  const stream = ByteStream.accepted(accepted)
  delete handle.readStop
  if (stream.socket !== accepted) throw new Error('the handle was taken after all')
  return stream
}

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
