/**
 * A socket as bytes that can be read, held and handed on. A door reads its handshake with `next`, `unread` gives back
 * what came glued behind it, and the relay then takes every further chunk as it comes, without one lost or copied
 * twice. It knows nothing of protocols.
 *
 * Reading goes through Node's `onread` with one reused 256 KiB buffer: 1.6–2.1 times the bytes per CPU of streams
 * (measured for this project). Accepted sockets can't be given `onread` by any public option in Node 20–24, so their
 * handle is moved into a new socket; where that handle is not to be had (TLS, another runtime), the plain stream
 * events carry the bytes instead: slower, otherwise the same.
 */
import { Socket } from 'node:net'

/** Most bytes that are kept for a reader that is not reading: a handshake is far smaller. */
const HOLD_LIMIT = 64 * 1024
const READ_BUFFER = 256 * 1024

/** Takes a chunk that is valid only during the call; `false` pauses the stream until `resume`. */
export type Receiver = (chunk: Uint8Array) => boolean

export class ByteStream {
  readonly socket: Socket
  /** Fires when nothing more can be read or written: closed, reset, or destroyed. Its reason is the error, if any. */
  readonly closed: AbortSignal
  readonly #closed = new AbortController()
  #held: Uint8Array[] = []
  #heldBytes = 0
  #ended = false
  #paused = false
  #receiver: Receiver | null = null
  #onEnd: (() => void) | null = null
  #wake: (() => void) | null = null
  #error: Error | null = null

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = this.#closed.signal
    socket.on('end', () => {
      this.#ended = true
      if (this.#receiver !== null) this.#onEnd?.()
      this.#wake?.()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#ended = true
      this.#closed.abort(this.#error ?? undefined)
      this.#wake?.()
    })
  }

  /** Takes over a socket that a server accepted (with `pauseOnConnect`, so that no byte was read yet). */
  static accepted(socket: Socket): ByteStream {
    const handle = takeHandle(socket)
    if (handle === null) return ByteStream.#flowing(socket)
    const reader: { stream?: ByteStream } = {}
    const moved = new Socket({ handle, allowHalfOpen: true, onread: onread(reader) } as ConstructorParameters<typeof Socket>[0])
    const stream = new ByteStream(moved)
    reader.stream = stream
    moved.setNoDelay(true)
    moved.resume()
    return stream
  }

  /**
   * Prepares a connection: `onread` goes into `net.connect`'s options, `attach` makes the stream of the socket that
   * came of it.
   */
  static outgoing(): { readonly onread: OnRead; attach(socket: Socket): ByteStream } {
    const reader: { stream?: ByteStream } = {}
    return {
      onread: onread(reader),
      attach: (socket) => {
        const stream = new ByteStream(socket)
        reader.stream = stream
        return stream
      },
    }
  }

  static #flowing(socket: Socket): ByteStream {
    const stream = new ByteStream(socket)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      if (!stream.#take(chunk)) socket.pause()
    })
    socket.resume()
    return stream
  }

  /** Why it closed, or `null`. */
  get error(): Error | null {
    return this.#error
  }

  /** Whether the peer has said that it will send no more, and everything it sent was read. */
  get ended(): boolean {
    return this.#ended && this.#heldBytes === 0
  }

  /** Bytes that were received but not read. */
  get held(): Uint8Array {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)]
    return this.#held[0] ?? EMPTY
  }

  /** Whether the peer has closed its side without a byte left to read: while a dial is pending, it has left. */
  get silentlyEnded(): boolean {
    return this.#ended && this.#heldBytes === 0
  }

  /** The next bytes, or `null` when there will be none. One reader at a time. Throws the signal's reason on abort. */
  async next(signal: AbortSignal): Promise<Uint8Array | null> {
    while (this.#heldBytes === 0 && !this.#ended) await this.#change(signal)
    if (this.#heldBytes === 0) return null
    const bytes = this.held
    this.#held = []
    this.#heldBytes = 0
    this.resume()
    return bytes
  }

  /** Gives back bytes that were read too far: they come first at the next read. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#held.unshift(bytes)
    this.#heldBytes += bytes.length
  }

  /** Resolves when more bytes have arrived than `known`, or the stream has ended. Nothing is consumed. */
  async grown(known: number, signal: AbortSignal): Promise<void> {
    while (this.#heldBytes <= known && !this.#ended) await this.#change(signal)
  }

  /** From now on every chunk, those held first, goes to `receiver`, then once to `onEnd` when the peer ends. */
  receive(receiver: Receiver, onEnd: () => void): void {
    const bytes = this.held
    this.#held = []
    this.#heldBytes = 0
    this.#receiver = receiver
    this.#onEnd = onEnd
    if (bytes.length > 0 && !receiver(bytes)) {
      this.#paused = true
      this.socket.pause()
    } else {
      this.resume()
    }
    if (this.#ended) onEnd()
  }

  /** Back to reading with `next`. */
  stopReceiving(): void {
    this.#receiver = null
    this.#onEnd = null
  }

  resume(): void {
    this.#paused = false
    if (!this.socket.destroyed) this.socket.resume()
  }

  /** Resolves when the bytes are on their way or buffered below the limit; rejects when the stream closed. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.closed.aborted) throw this.#error ?? new Error('the stream is closed')
    if (this.socket.write(bytes)) return
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        this.socket.off('drain', done)
        this.closed.removeEventListener('abort', done)
        signal.removeEventListener('abort', done)
        if (signal.aborted) reject(signal.reason)
        else if (this.closed.aborted) reject(this.#error ?? new Error('the stream is closed'))
        else resolve()
      }
      this.socket.once('drain', done)
      this.closed.addEventListener('abort', done)
      signal.addEventListener('abort', done)
    })
  }

  /** Sends a FIN after what was written. */
  end(bytes?: Uint8Array): void {
    if (this.socket.destroyed) return
    if (bytes === undefined) this.socket.end()
    else this.socket.end(bytes)
  }

  /** Tears the connection down with a RST, so that a broken transfer does not look finished. */
  reset(): void {
    if (!this.socket.destroyed) this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  #take(chunk: Uint8Array): boolean {
    if (this.#receiver !== null) {
      const more = this.#receiver(chunk)
      this.#paused = !more
      return more
    }
    this.#held.push(Uint8Array.prototype.slice.call(chunk))
    this.#heldBytes += chunk.length
    this.#wake?.()
    this.#paused = this.#heldBytes >= HOLD_LIMIT
    return !this.#paused
  }

  /** One event of the stream, or the abort of the signal. */
  async #change(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw signal.reason
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        this.#wake = null
        signal.removeEventListener('abort', done)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      this.#wake = done
      signal.addEventListener('abort', done)
    })
  }

  static readonly reads = (stream: ByteStream, chunk: Uint8Array): boolean => stream.#take(chunk)
}

const EMPTY = new Uint8Array(0)

export interface OnRead {
  readonly buffer: Uint8Array
  callback(bytes: number, buffer: Uint8Array): boolean
}

const onread = (reader: { stream?: ByteStream }): OnRead => ({
  buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
  callback: (bytes, buffer) => reader.stream === undefined || ByteStream.reads(reader.stream, buffer.subarray(0, bytes)),
})

interface Handle {
  reading: boolean
  readStop(): number
}

/** Takes the libuv handle out of an accepted socket, or `null` where there is none of the known shape. */
function takeHandle(socket: Socket): Handle | null {
  const owner = socket as unknown as { _handle: Handle | null }
  const handle = owner._handle
  if (handle === null || handle === undefined || typeof handle.readStop !== 'function') return null
  // Unless the handle says that it is not reading, the new socket never starts to, without any error.
  handle.reading = false
  handle.readStop()
  owner._handle = null
  return handle
}
