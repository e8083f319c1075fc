/**
 * What a `ByteStream` stands on: the part of `net.Socket` that the road needs, so that a connection can be one of
 * libuv's handles (`TcpConnection`), a socket, or TLS over either.
 */

/** A reader that owns the buffers it is given bytes in. */
export interface OnRead {
  /** Where the next bytes go; asked after each read. */
  buffer(): Uint8Array
  /** The first `bytes` of `buffer` were read; `false` pauses. */
  callback(bytes: number, buffer: Uint8Array): boolean
}

export interface Wire {
  readonly destroyed: boolean
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly writableLength: number
  readonly writableNeedDrain: boolean
  readonly writableEnded: boolean
  /** The FIN is sent, and all before it. */
  readonly writableFinished: boolean
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  /**
   * `written` is called when the kernel has taken the bytes, perhaps before this returns, or will not take them any more;
   * until then they must not change.
   */
  write(bytes: Uint8Array, written?: () => void): boolean
  /** Sends a FIN after what was written. */
  end(): unknown
  destroy(error?: Error): unknown
  /** Closes with a RST. */
  resetAndDestroy(): unknown
  pause(): unknown
  resume(): unknown
  setKeepAlive(on: boolean, milliseconds: number): unknown
  on(event: 'connect' | 'end' | 'close' | 'drain' | 'finish', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'connect' | 'end' | 'close' | 'drain' | 'finish', listener: () => void): unknown
  off(event: 'connect' | 'drain' | 'finish', listener: () => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}
