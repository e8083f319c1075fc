/**
 * A TCP connection on libuv's own handle, half-open in each direction as RFC 9293 has it: the road's bytes without a
 * `net.Socket`, of which it keeps the names, the events and their order. It reads into the buffers of an `OnRead`.
 */
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { type Endpoint, familyOf, type Ip } from '../model/address.ts'
import { codeOf, failure, type SocketName, type TcpBinding, type TcpHandle, tcpBinding, type WriteRequest } from './tcp-handle.ts'
import type { OnRead, Wire } from './wire.ts'

/** Above this many bytes waiting, `write` says that it is enough; as many as Node's streams take. */
const HIGH_WATER = 16 * 1024

export class TcpConnection extends EventEmitter implements Wire {
  readonly #handle: TcpHandle
  readonly #tcp: TcpBinding
  #onread: OnRead | null = null
  /** Lent to the handle, which does not keep it alive. */
  #space: Uint8Array | null = null
  #reading = false
  #waiting = 0
  #needDrain = false
  #ended = false
  #finOnItsWay = false
  /** To be reset as soon as the FIN is sent. */
  #resetting = false
  #finished = false
  #peerEnded = false
  #destroyed = false
  #error: Error | null = null
  #local: SocketName | null = null
  #peer: SocketName | null = null

  private constructor(handle: TcpHandle, tcp: TcpBinding) {
    super()
    this.#handle = handle
    this.#tcp = tcp
    handle.owner = this
    handle.onread = onRead
  }

  /** Of a handle that a server was given. */
  static accepted(handle: TcpHandle): TcpConnection {
    if (tcpBinding === null) throw new Error('a handle came from nowhere')
    const connection = new TcpConnection(handle, tcpBinding)
    handle.setNoDelay(true)
    return connection
  }

  /** Emits `connect`, or `error` and `close`, and never in this turn. `null` where Node does not give handles away. */
  static connect({ host, port }: Endpoint<Ip>): TcpConnection | null {
    if (tcpBinding === null) return null
    const connection = new TcpConnection(tcpBinding.newHandle(), tcpBinding)
    connection.#connect(host, port)
    return connection
  }

  get destroyed(): boolean {
    return this.#destroyed
  }

  get writableLength(): number {
    return this.#waiting
  }

  get writableNeedDrain(): boolean {
    return this.#needDrain
  }

  get writableEnded(): boolean {
    return this.#ended
  }

  get writableFinished(): boolean {
    return this.#finished
  }

  get localAddress(): string | undefined {
    return this.#localName.address
  }

  get localPort(): number | undefined {
    return this.#localName.port
  }

  get remoteAddress(): string | undefined {
    return this.#peerName.address
  }

  get remotePort(): number | undefined {
    return this.#peerName.port
  }

  /**
   * Before the first `resume`, and again when the buffer is another one though nothing was read. The handle keeps a few
   * bytes of each time to its end.
   */
  readInto(onread: OnRead): void {
    this.#onread = onread
    this.#space = onread.buffer()
    this.#handle.useUserBuffer(this.#space)
  }

  resume(): void {
    if (this.#reading || this.#destroyed || this.#peerEnded) return
    this.#reading = true
    this.#handle.readStart()
  }

  pause(): void {
    if (!this.#reading) return
    this.#reading = false
    if (!this.#destroyed) this.#handle.readStop()
  }

  write(bytes: Uint8Array, written?: () => void): boolean {
    if (this.#destroyed || this.#ended) {
      written?.()
      return false
    }
    const request = spare ?? new this.#tcp.WriteWrap()
    const status = this.#handle.writeBuffer(request, bytes)
    if (status !== 0) {
      this.destroy(failure('write', codeOf(status)))
      written?.()
      return false
    }
    if (!this.#tcp.lastWriteWaits()) {
      // The kernel took it all, and libuv did not touch the request.
      spare = request
      written?.()
      return !this.#needDrain
    }
    spare = null
    request.buffer = bytes
    request.owner = this
    request.written = written
    request.oncomplete = onWritten
    this.#waiting += bytes.length
    this.#needDrain ||= this.#waiting >= HIGH_WATER
    return !this.#needDrain
  }

  end(): void {
    if (this.#destroyed || this.#ended) return
    this.#ended = true
    // Behind a write that waits, libuv would take no reset any more.
    if (this.#waiting === 0) this.#sendFin()
  }

  #sendFin(): void {
    this.#finOnItsWay = true
    if (this.#peerEnded) {
      // Closing sends the same FIN, for one call into the kernel rather than five.
      process.nextTick(() => this.#onShutdown(0))
      return
    }
    const request = new this.#tcp.ShutdownWrap()
    request.oncomplete = (status) => this.#onShutdown(status)
    const status = this.#handle.shutdown(request)
    // A peer that has gone already needs no FIN; whether it reset is told by the read.
    if (status !== 0) process.nextTick(() => this.#onShutdown(status === 1 || codeOf(status) === 'ENOTCONN' ? 0 : status))
  }

  /** `error` is emitted before `close`, in a later turn. What waits is dropped, and a FIN sent all the same. */
  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#error = error ?? null
    this.#handle.close(() => this.#onClosed())
  }

  resetAndDestroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    // While the FIN is on its way, libuv takes no reset (EINVAL).
    if (this.#finOnItsWay) this.#resetting = true
    else this.#reset()
  }

  #reset(): void {
    if (this.#handle.reset(() => this.#onClosed()) !== 0) this.#handle.close(() => this.#onClosed())
  }

  setKeepAlive(on: boolean, milliseconds: number): void {
    this.#handle.setKeepAlive(on, Math.ceil(milliseconds / 1000))
  }

  /** For TLS, which takes the handle's reads before they come to the buffer that it was lent: a socket alone could not read. This one is then of no use any more. */
  intoSocket(): Socket {
    this.pause()
    this.#destroyed = true
    return new Socket({ handle: this.#handle, allowHalfOpen: true, manualStart: true } as ConstructorParameters<typeof Socket>[0])
  }

  /** Called for each read of the handle, with what the binding says of it. Returns another buffer where it is to change. */
  read(): Uint8Array | undefined {
    const result = this.#tcp.readResult()
    if (this.#destroyed || result === 0) return undefined
    if (result < 0) return this.#onEnd(result)
    const [onread, space] = [this.#onread, this.#space]
    if (onread === null || space === null) throw new Error('bytes came before there was a reader')
    try {
      if (!onread.callback(result, space)) this.pause()
    } catch (error) {
      // Thrown on, it would end the process and every other connection with it.
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    const next = onread.buffer()
    if (next === space) return undefined
    this.#space = next
    return next
  }

  /** A write that had to wait is done, or has failed. */
  settled({ buffer, written }: WriteRequest, status: number): void {
    this.#waiting -= buffer?.length ?? 0
    if (!this.#destroyed && status !== 0) this.destroy(failure('write', codeOf(status)))
    written?.()
    if (this.#destroyed || this.#waiting > 0) return
    if (this.#ended) this.#sendFin()
    if (!this.#needDrain) return
    this.#needDrain = false
    this.emit('drain')
  }

  #connect(host: Ip, port: number): void {
    const request = new this.#tcp.ConnectWrap()
    request.oncomplete = (status) => {
      if (this.#destroyed) return
      if (status !== 0) return this.destroy(failure('connect', codeOf(status)))
      this.#handle.setNoDelay(true)
      this.emit('connect')
    }
    const status = familyOf(host) === 6 ? this.#handle.connect6(request, host, port) : this.#handle.connect(request, host, port)
    if (status !== 0) this.destroy(failure('connect', codeOf(status)))
  }

  #onEnd(status: number): undefined {
    this.#reading = false
    if (codeOf(status) !== 'EOF') this.destroy(failure('read', codeOf(status)))
    // As `wasReset` says of sockets.
    else if (!this.#ended && this.#handle.getpeername({}) !== 0) this.destroy(failure('read', 'ECONNRESET'))
    else {
      this.#peerEnded = true
      this.emit('end')
      this.#closeWhenBothEnded()
    }
  }

  #onShutdown(status: number): void {
    this.#finOnItsWay = false
    if (this.#resetting) this.#reset()
    if (this.#destroyed) return
    if (status !== 0) {
      this.destroy(failure('shutdown', codeOf(status)))
      return
    }
    this.#finished = true
    this.emit('finish')
    this.#closeWhenBothEnded()
  }

  #closeWhenBothEnded(): void {
    if (this.#peerEnded && this.#finished) this.destroy()
  }

  #onClosed(): void {
    if (this.#error !== null) this.emit('error', this.#error)
    this.emit('close')
  }

  get #localName(): SocketName {
    this.#local ??= named((name) => this.#handle.getsockname(name))
    return this.#local
  }

  get #peerName(): SocketName {
    this.#peer ??= named((name) => this.#handle.getpeername(name))
    return this.#peer
  }
}

/** One request serves all writes that the kernel takes at once. */
let spare: WriteRequest | null = null

function onRead(this: TcpHandle): Uint8Array | undefined {
  return this.owner instanceof TcpConnection ? this.owner.read() : undefined
}

function onWritten(this: WriteRequest, status: number): void {
  if (this.owner instanceof TcpConnection) this.owner.settled(this, status)
}

function named(ask: (name: SocketName) => number): SocketName {
  const name: SocketName = {}
  return ask(name) === 0 ? name : {}
}
