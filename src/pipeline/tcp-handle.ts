/**
 * The part of Node's own TCP that lies below `net.Socket`: the only file that knows it. A socket costs a tunnel some 60 µs
 * of CPU at each end, most of it for streams that nothing here reads or writes by, and one that was accepted cannot be
 * given `onread` by any public option. Node keeps `process.binding` for these names (DEP0111) and nothing else offers
 * them; where they are missing or have another shape, `tcpBinding` is `null` and `net.Socket` carries the bytes.
 */
import type { Server, Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/** A handle of libuv (`uv_tcp_t`). Numbers returned are 0 or a negative errno. */
export interface TcpHandle {
  /** Ours, as `owner_symbol` is Node's. */
  owner: unknown
  onread: (this: TcpHandle) => Uint8Array | undefined
  readStart(): number
  readStop(): number
  /** Reads go here until `onread` returns another. Whoever lends it keeps it alive. */
  useUserBuffer(buffer: Uint8Array): void
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  /** 1: done at once, and the request's `oncomplete` is not called. */
  shutdown(request: ShutdownRequest): number
  connect(request: ConnectRequest, address: string, port: number): number
  connect6(request: ConnectRequest, address: string, port: number): number
  /** `done` is called in a later turn. */
  close(done: () => void): void
  /** Closes with a RST. Refused while a FIN is on its way (EINVAL). */
  reset(done: () => void): number
  setNoDelay(on: boolean): number
  setKeepAlive(on: boolean, seconds: number): number
  getpeername(ends: SocketName): number
  getsockname(ends: SocketName): number
}

export interface SocketName {
  address?: string
  port?: number
}

export interface WriteRequest {
  /** Keeps what is being sent alive. */
  buffer?: Uint8Array
  oncomplete?: (this: this, status: number) => void
  written?: (() => void) | undefined
  owner?: unknown
}

export interface ShutdownRequest {
  oncomplete?: (status: number) => void
}

export interface ConnectRequest {
  oncomplete?: (status: number) => void
}

interface ServerHandle {
  onconnection: (status: number, handle: TcpHandle | undefined) => void
}

export interface TcpBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly ConnectWrap: new () => ConnectRequest
  /** A handle for a connection that is yet to be made. */
  newHandle(): TcpHandle
  /** Of the read that `onread` is called for: bytes, or a negative errno. */
  readResult(): number
  /** Whether the kernel did not take all of the last write at once, so that `oncomplete` is still to come. */
  lastWriteWaits(): boolean
}

/** Of a handle, all that are called. */
const methods = Object.keys({
  readStart: true,
  readStop: true,
  useUserBuffer: true,
  writeBuffer: true,
  shutdown: true,
  connect: true,
  connect6: true,
  close: true,
  reset: true,
  setNoDelay: true,
  setKeepAlive: true,
  getpeername: true,
  getsockname: true,
} satisfies Record<Exclude<keyof TcpHandle, 'owner' | 'onread'>, true>) as readonly (keyof TcpHandle)[]

export const tcpBinding: TcpBinding | null = bindingOf(process)

/** Takes a listening server's connections as handles. `false`: its handle has not the known shape; nothing was changed. */
export function takeConnections(server: Server, accepted: (status: number, handle: TcpHandle | undefined) => void): boolean {
  const { _handle: handle } = server as unknown as { readonly _handle: ServerHandle | null }
  if (tcpBinding === null || typeof handle?.onconnection !== 'function') return false
  handle.onconnection = accepted
  return true
}

/**
 * Whether what looks to a socket like the end is a reset: libuv tells one that arrives together with the last bytes as an
 * end (`uv__stream_io`, POLLHUP after a partial read). The kernel knows the peer of a connection that we have not ended
 * for as long as it stands; after our own end there is no telling.
 */
export function wasReset(socket: Socket): boolean {
  const { _handle: handle } = socket as unknown as { readonly _handle: Partial<TcpHandle> | null }
  return !socket.writableEnded && typeof handle?.getpeername === 'function' && handle.getpeername({}) !== 0
}

/** What a negative number that a handle returned stands for, as `ECONNRESET`. */
export const codeOf = (status: number): string => getSystemErrorName(status)

/** The error of it, as Node's sockets put it. */
export const failure = (syscall: string, code: string): Error => Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

type Loose = Readonly<Record<string, unknown>>

/** `null` where what a runtime has under these names is not what it is in Node 20 to 26. */
export function bindingOf(runtime: unknown): TcpBinding | null {
  try {
    const { binding } = runtime as { readonly binding: (name: string) => Loose }
    const { TCP, TCPConnectWrap, constants } = binding('tcp_wrap')
    const { WriteWrap, ShutdownWrap, kReadBytesOrError, kLastWriteWasAsync, streamBaseState } = binding('stream_wrap')
    if (![TCP, TCPConnectWrap, WriteWrap, ShutdownWrap].every((each) => typeof each === 'function')) return null
    if (typeof kReadBytesOrError !== 'number' || typeof kLastWriteWasAsync !== 'number') return null
    if (!(streamBaseState instanceof Int32Array)) return null
    const Handle = TCP as new (type: unknown) => TcpHandle
    const type = (constants as Loose).SOCKET
    const sample = new Handle(type)
    const isKnown = methods.every((name) => typeof sample[name] === 'function')
    sample.close(() => undefined)
    if (!isKnown) return null
    return {
      WriteWrap: WriteWrap as TcpBinding['WriteWrap'],
      ShutdownWrap: ShutdownWrap as TcpBinding['ShutdownWrap'],
      ConnectWrap: TCPConnectWrap as TcpBinding['ConnectWrap'],
      newHandle: () => new Handle(type),
      readResult: () => streamBaseState[kReadBytesOrError] ?? 0,
      lastWriteWaits: () => streamBaseState[kLastWriteWasAsync] !== 0,
    }
  } catch {
    // Another runtime, or a Node that has shut it (`--permission`).
    return null
  }
}
