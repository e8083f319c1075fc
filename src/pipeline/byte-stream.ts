/**
 * A socket as bytes that can be read, held and handed on. A door looks at what is `held`, consumes its handshake, and
 * leaves what came glued behind it to the relay, which takes every further chunk as it comes: none is
 * lost. It knows nothing of protocols.
 *
 * Reading goes through Node's `onread` with reused buffers, up to 512 KiB: 1.6–2.1 times the bytes per CPU of streams
 * (measured for this project). Accepted sockets can't be given `onread` by any public option in Node 20–24, so their
 * handle is moved into a new socket; where that handle is not to be had (another runtime), and over TLS, the plain
 * stream events carry the bytes instead: slower, otherwise the same.
 */
import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { RingfenceError } from '../model/errors.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import { ReadBuffers } from './read-buffers.ts'

/** Most bytes that are kept for a reader that is not reading: a handshake is far smaller. */
const HOLD_LIMIT = 64 * 1024
/**
 * All read into this until one fills it, and copy out of it what they read: most connections never carry more at a time,
 * and a buffer for each would be most of what an idle tunnel holds.
 */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024)
/**
 * For those that fill it, as long as they do; beyond so many, the rest do with the shared one. With 256 KiB, bytes cost
 * 1.4 times as much CPU here, with 64 KiB twice (eight downloads on loopback, Node 20).
 */
const LARGE = new ReadBuffers(512 * 1024, 64)

/** One reason for all: an error takes a stack each time. */
const LEFT = new RingfenceError('client.gone', 'the client left')

/** Takes a chunk that is valid only during the call or, where it answers `false`, which pauses the stream, until `resume`. */
export type Receiver = (chunk: Uint8Array) => boolean

export class ByteStream {
  readonly socket: Socket
  /** Fires when nothing more can be read or written: closed, reset, or destroyed. Its reason is a RingfenceError. */
  readonly closed: Stop
  /** Fires when it closed, or the peer said that it will send no more while nothing of what it sent is unread. */
  readonly left: Stop
  /** What a reset is sent on: TLS has none of its own. */
  readonly #wire: Socket
  readonly #closed = new StopSource()
  readonly #left = new StopSource()
  #held: Uint8Array[] = []
  #heldBytes = 0
  #finished = false
  #receiver: Receiver | null = null
  #onEnd: (() => void) | null = null
  #wake: (() => void) | null = null
  #error: Error | null = null
  #reason = LEFT
  /** What the next read goes to. */
  #space: Buffer = SHARED
  /** Whether the receiver still needs what the last read left there. */
  #needed = false

  private constructor(socket: Socket, wire: Socket = socket) {
    this.socket = socket
    this.#wire = wire
    this.closed = this.#closed
    this.left = this.#left
    socket.on('end', () => {
      if (wasReset(socket)) return socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
      this.#finished = true
      if (this.#heldBytes === 0) this.#left.abort(LEFT)
      if (this.#receiver !== null) this.#onEnd?.()
      this.#wake?.()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      if (this.#needed) LARGE.giveUp(this.#space)
      else this.#giveBack()
      this.#finished = true
      this.#closed.abort(this.#reason)
      this.#left.abort(this.#reason)
      this.#wake?.()
    })
  }

  /** Takes over a socket that a server accepted (with `pauseOnConnect`, so that no byte was read yet). */
  static accepted(socket: Socket): ByteStream {
    const handle = takeHandle(socket)
    if (handle === null) return ByteStream.#flowing(socket)
    const { onread, attach } = ByteStream.outgoing()
    const stream = attach(new Socket({ handle, allowHalfOpen: true, onread } as ConstructorParameters<typeof Socket>[0]))
    stream.socket.setNoDelay(true)
    stream.socket.resume()
    return stream
  }

  /** For a connection about to be made: `onread` goes into the options of the socket, which `attach` takes in the same tick. */
  static outgoing(): { readonly onread: OnRead; attach(socket: Socket): ByteStream } {
    let stream: ByteStream | null = null
    return {
      onread: {
        buffer: () => (stream === null ? SHARED : stream.#space),
        callback: (bytes, buffer) => (stream === null ? false : stream.#read(bytes, buffer)),
      },
      attach: (socket) => {
        stream = new ByteStream(socket)
        return stream
      },
    }
  }

  /** Takes over what speaks TLS on the connection `below`. */
  static secured(socket: TLSSocket, below: ByteStream): ByteStream {
    // Node only tells of a record that cannot be read, and leaves the connection open.
    socket.on('error', () => socket.destroy())
    return ByteStream.#flowing(socket, below.socket)
  }

  static #flowing(socket: Socket, wire: Socket = socket): ByteStream {
    const stream = new ByteStream(socket, wire)
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
    return this.#finished && this.#heldBytes === 0
  }

  /** Bytes that were received but not read. */
  get held(): Uint8Array {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)]
    return this.#held[0] ?? EMPTY
  }

  /** Takes the first `bytes` of what is held as read. */
  consume(bytes: number): void {
    const rest = this.held.subarray(bytes)
    this.#held = rest.length === 0 ? [] : [rest]
    this.#heldBytes = rest.length
    if (this.#finished && rest.length === 0) this.#left.abort(LEFT)
    if (this.#receiver === null && this.#heldBytes < HOLD_LIMIT) this.resume()
  }

  /** Resolves when more bytes are held than `known`, or no more will come. Nothing is consumed. Throws the signal's reason. */
  async grown(known: number, signal: Stop): Promise<void> {
    while (this.#heldBytes <= known && !this.#finished) await this.#change(signal)
  }

  /** From now on every chunk, those held first, goes to `receiver`, then once to `onEnd` when the peer ends. */
  receive(receiver: Receiver, onEnd: () => void): void {
    const bytes = this.held
    this.#held = []
    this.#heldBytes = 0
    this.#receiver = receiver
    this.#onEnd = onEnd
    if (bytes.length === 0 || receiver(bytes)) this.resume()
    else this.socket.pause()
    // A connection that broke has no end to tell of.
    if (this.#finished && !this.closed.aborted) onEnd()
  }

  resume(): void {
    this.#needed = false
    if (this.closed.aborted) this.#giveBack()
    else if (!this.socket.destroyed) this.socket.resume()
  }

  /** Resolves when the bytes are on their way or buffered below the limit; rejects when the stream closed. */
  async write(bytes: Uint8Array, signal: Stop): Promise<void> {
    if (this.closed.aborted) throw this.#error ?? new Error('the stream is closed')
    this.socket.write(bytes)
    await this.drained(signal)
  }

  /** Resolves when no more is waiting to be sent than the limit; rejects when the stream closed. */
  async drained(signal: Stop): Promise<void> {
    if (!this.socket.writableNeedDrain) return
    signal.throwIfAborted()
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

  /** Tears the connection down with a RST, so that a broken transfer does not look finished. `reason`: why we did, if we did. */
  reset(reason: RingfenceError = LEFT): void {
    this.#reason = reason
    const reset = () => {
      if (!this.#wire.destroyed) this.#wire.resetAndDestroy()
    }
    // While the FIN is on its way, libuv refuses to reset (EINVAL), and Node would leave the handle open for ever.
    const { writableEnded, writableFinished, writableLength } = this.socket
    if (writableEnded && !writableFinished && writableLength === 0) this.socket.once('finish', reset)
    else reset()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Gives the connection to TLS, which reads it below the socket, with what was received and not read. */
  handOver(): Socket {
    const rest = this.held
    this.consume(rest.length)
    this.socket.pause()
    if (rest.length > 0) this.socket.unshift(rest)
    return this.socket
  }

  /** Node asks for the buffer of the next read when this returns: until then none can arrive in one that is given back here. */
  #read(bytes: number, buffer: Uint8Array): boolean {
    const chunk = buffer.subarray(0, bytes)
    if (buffer === SHARED) {
      if (bytes === SHARED.length) this.#space = LARGE.lend() ?? SHARED
      return this.#take(Buffer.from(chunk))
    }
    const goOn = this.#take(chunk)
    this.#needed = !goOn && this.#receiver !== null
    // Where there are many, the end of a burst is taken for the end of the haste.
    if (!this.#needed && bytes < (LARGE.scarce ? buffer : SHARED).length) this.#giveBack()
    return goOn
  }

  #giveBack(): void {
    if (this.#space === SHARED) return
    LARGE.giveBack(this.#space)
    this.#space = SHARED
  }

  #take(chunk: Uint8Array): boolean {
    if (this.#receiver !== null) return this.#receiver(chunk)
    this.#held.push(Uint8Array.prototype.slice.call(chunk))
    this.#heldBytes += chunk.length
    this.#wake?.()
    return this.#heldBytes < HOLD_LIMIT
  }

  /** One event of the stream, or the abort of the signal. */
  async #change(signal: Stop): Promise<void> {
    if (signal.aborted) throw signal.reason
    if (this.#wake !== null) throw new Error('a stream has one reader at a time')
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
}

const EMPTY = new Uint8Array(0)

export interface OnRead {
  buffer(): Uint8Array
  callback(bytes: number, buffer: Uint8Array): boolean
}

interface Handle {
  reading: boolean
  readStop(): number
  getpeername(out: object): number
}

/**
 * Whether what looks like the end is a reset: libuv tells one that arrives together with the last bytes as an end
 * (`uv__stream_io`, POLLHUP after a partial read). The kernel knows the peer of a connection that we have not ended
 * for as long as it stands; after our own end there is no telling.
 */
function wasReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { _handle: Handle | null }
  return !socket.writableEnded && typeof handle?.getpeername === 'function' && handle.getpeername({}) !== 0
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
  // The server counts its connections by their sockets' ends.
  socket.destroy()
  return handle
}
