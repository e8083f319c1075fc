/**
 * A connection as bytes that can be read, held and handed on. A door looks at what is `held`, consumes its handshake, and
 * leaves what came glued behind it to the relay, which takes every further chunk as it comes: none is
 * lost. It knows nothing of protocols.
 *
 * Of a `TcpConnection` it reads into reused buffers, up to 768 KiB: 1.6–2.1 times the bytes per CPU of streams (measured
 * for this project). Of a socket, as TLS is one, the stream events carry the bytes: slower, otherwise the same.
 */
import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { RingfenceError } from '../model/errors.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import { ReadSpace } from './read-space.ts'
import { TcpConnection } from './tcp-connection.ts'
import { wasReset } from './tcp-handle.ts'
import type { Wire } from './wire.ts'

/** Most bytes that are kept for a reader that is not reading: a handshake is far smaller. */
const HOLD_LIMIT = 64 * 1024

/** One reason for all: an error takes a stack each time. */
const LEFT = new RingfenceError('client.gone', 'the client left')

/** Takes a chunk that is valid only during the call or, where it answers `false`, which pauses the stream, until `resume`. */
export type Receiver = (chunk: Uint8Array) => boolean

export class ByteStream {
  #wire: Wire
  /** Fires when nothing more can be read or written: closed, reset, or destroyed. Its reason is a RingfenceError. */
  readonly closed: Stop
  /** Fires when it closed, or the peer said that it will send no more while nothing of what it sent is unread. */
  readonly left: Stop
  /** What TLS speaks over, which has no reset of its own; `null`: it is not TLS. */
  readonly #below: ByteStream | null
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
  #resetting = false
  /** `null`: it reads by the events of a socket. */
  #space: ReadSpace | null = null

  private constructor(wire: Wire, below: ByteStream | null = null) {
    this.#wire = wire
    this.#below = below
    this.closed = this.#closed
    this.left = this.#left
    this.#listenTo(wire)
  }

  /** Takes over a connection of which no byte was read yet, and begins to read. */
  static over(wire: TcpConnection | Socket): ByteStream {
    if (!(wire instanceof TcpConnection)) return ByteStream.#flowing(wire, null)
    const stream = new ByteStream(wire)
    stream.#readInto(wire)
    return stream
  }

  /** Takes over what speaks TLS on the connection `below`. */
  static secured(socket: TLSSocket, below: ByteStream): ByteStream {
    // Node only tells of a record that cannot be read, and leaves the connection open.
    socket.on('error', () => socket.destroy())
    return ByteStream.#flowing(socket, below)
  }

  static #flowing(socket: Socket, below: ByteStream | null): ByteStream {
    const stream = new ByteStream(socket, below)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      if (!stream.#take(chunk)) socket.pause()
    })
    socket.resume()
    return stream
  }

  /** What carries the bytes. */
  get wire(): Wire {
    return this.#wire
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
  grown(known: number, signal: Stop): Promise<void> {
    const hasGrown = () => this.#heldBytes > known || this.#finished
    return new Promise((resolve, reject) => {
      if (hasGrown()) return resolve()
      if (signal.aborted) return reject(signal.reason)
      if (this.#wake !== null) return reject(new Error('a stream has one reader at a time'))
      const look = () => {
        if (!signal.aborted && !hasGrown()) return
        this.#wake = null
        signal.removeEventListener('abort', look)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      this.#wake = look
      signal.addEventListener('abort', look)
    })
  }

  /** From now on every chunk, those held first, goes to `receiver`, then once to `onEnd` when the peer ends. */
  receive(receiver: Receiver, onEnd: () => void): void {
    const bytes = this.held
    this.#held = []
    this.#heldBytes = 0
    this.#receiver = receiver
    this.#onEnd = onEnd
    if (bytes.length === 0 || receiver(bytes)) this.resume()
    else this.#wire.pause()
    // A connection that broke has no end to tell of.
    if (this.#finished && !this.closed.aborted) onEnd()
  }

  resume(): void {
    this.#space?.resumed()
    if (!this.#wire.destroyed) this.#wire.resume()
  }

  /** Resolves when the bytes are on their way or buffered below the limit; rejects when the stream closed. */
  async write(bytes: Uint8Array, signal: Stop): Promise<void> {
    if (this.closed.aborted) throw this.#error ?? new Error('the stream is closed')
    this.#wire.write(bytes)
    await this.drained(signal)
  }

  /** Resolves when no more is waiting to be sent than the limit; rejects when the stream closed. */
  async drained(signal: Stop): Promise<void> {
    if (!this.#wire.writableNeedDrain) return
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        this.#wire.off('drain', done)
        this.closed.removeEventListener('abort', done)
        signal.removeEventListener('abort', done)
        if (signal.aborted) reject(signal.reason)
        else if (this.closed.aborted) reject(this.#error ?? new Error('the stream is closed'))
        else resolve()
      }
      this.#wire.once('drain', done)
      this.closed.addEventListener('abort', done)
      signal.addEventListener('abort', done)
    })
  }

  /** Sends a FIN after what was written. */
  end(bytes?: Uint8Array): void {
    if (this.#wire.destroyed) return
    if (bytes !== undefined && bytes.length > 0) this.#wire.write(bytes)
    this.#wire.end()
  }

  /** Tears the connection down with a RST, so that a broken transfer does not look finished. `reason`: why we did, if we did. */
  reset(reason: RingfenceError = LEFT): void {
    if (this.#resetting) return
    this.#reason = reason
    this.#resetting = true
    const wire = this.#below?.wire ?? this.#wire
    const reset = () => {
      if (!wire.destroyed) wire.resetAndDestroy()
    }
    // While the FIN of a socket is on its way, libuv refuses to reset (EINVAL), and Node would leave the handle open for ever.
    const { writableEnded, writableFinished, writableLength } = this.#wire
    if (wire instanceof Socket && writableEnded && !writableFinished && writableLength === 0) this.#wire.once('finish', reset)
    else reset()
  }

  /** Closes; by a reset where bytes still wait, for they would be dropped and a FIN sent that looks like their end. */
  destroy(): void {
    if (this.#wire.writableLength > 0) this.reset()
    else if (!this.#resetting) this.#wire.destroy()
  }

  /** Gives the connection to TLS, which reads it below the socket, with what was received and not read. */
  handOver(): Socket {
    const rest = this.held
    this.consume(rest.length)
    this.#space?.handedOver()
    const socket = this.#wire instanceof TcpConnection ? this.#wire.intoSocket() : this.#wire
    if (!(socket instanceof Socket)) throw new Error('TLS stands on TCP')
    socket.pause()
    if (rest.length > 0) socket.unshift(rest)
    if (socket !== this.#wire) this.#listenTo(socket)
    this.#wire = socket
    return socket
  }

  #readInto(wire: TcpConnection): void {
    const passesOn = () => this.#receiver !== null
    const space = new ReadSpace({
      take: (chunk) => this.#take(chunk),
      get passesOn() {
        return passesOn()
      },
      moved: () => wire.readInto(space),
    })
    this.#space = space
    wire.readInto(space)
    wire.resume()
  }

  #listenTo(wire: Wire): void {
    wire.on('end', () => {
      if (wire instanceof Socket && wasReset(wire)) return wire.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
      this.#finished = true
      if (this.#heldBytes === 0) this.#left.abort(LEFT)
      if (this.#receiver !== null) this.#onEnd?.()
      this.#wake?.()
    })
    wire.on('error', (error) => {
      this.#error = error
    })
    wire.on('close', () => {
      this.#space?.closed()
      this.#finished = true
      this.#closed.abort(this.#reason)
      this.#left.abort(this.#reason)
      this.#wake?.()
    })
  }

  #take(chunk: Uint8Array): boolean {
    if (this.#receiver !== null) return this.#receiver(chunk)
    this.#held.push(Uint8Array.prototype.slice.call(chunk))
    this.#heldBytes += chunk.length
    this.#wake?.()
    return this.#heldBytes < HOLD_LIMIT
  }
}

const EMPTY = new Uint8Array(0)
