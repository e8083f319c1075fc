/**
 * Bytes both ways between two streams, half-open in each direction: a FIN is passed on as a FIN, a reset as a reset (or
 * a broken transfer would look finished), and no more is read than the other side takes. The hot path; it judges nothing.
 */
import type { Stop } from '../model/stop.ts'
import type { ByteStream } from './byte-stream.ts'
import { IdleTimer } from './idle-timer.ts'
import type { Clock, HowEnded, Meter } from './ports.ts'

export interface RelayLimits {
  /** Nothing moved in either direction for this long: closed. */
  readonly idleMs: number
  /** The same once one side has sent its FIN. */
  readonly halfClosedMs: number
}

export interface RelayOptions {
  readonly limits: RelayLimits
  readonly clock: Clock
  /** Aborting it resets both sides. */
  readonly cut: Stop
  /** Sees what the client sends, in passing; the chunk is valid only during the call. */
  readonly tap: ((chunk: Uint8Array) => void) | null
}

const completed: HowEnded = { ending: 'completed', code: null, message: null }

/** Relays until both sides are closed. Rejects only for a fault of ours, when both have been reset. */
export function relay(
  client: ByteStream,
  upstream: ByteStream,
  meter: Meter,
  { limits, clock, cut, tap }: RelayOptions,
): Promise<HowEnded> {
  return new Promise((resolve, reject) => {
    /** Sides that were told that the other one will send no more. */
    const told = new Set<ByteStream>()
    let done = false

    const finish = (ended: HowEnded) => {
      if (done) return
      done = true
      idle.stop()
      cut.removeEventListener('abort', onCut)
      resolve(ended)
    }

    const pump = (from: ByteStream, to: ByteStream, count: (bytes: number) => void, observe: RelayOptions['tap']) => {
      let waiting = false
      const written = () => {
        idle.touch()
        if (!waiting || to.wire.writableLength > 0) return
        waiting = false
        from.resume()
      }
      from.receive(
        (chunk) => {
          idle.touch()
          try {
            observe?.(chunk)
          } catch (error) {
            onFault(error)
            return false
          }
          to.wire.write(chunk, written)
          if (to.wire.destroyed) return false
          count(chunk.length)
          // The chunk lies in the reused read buffer: until it is written, nothing more may be read.
          waiting = to.wire.writableLength > 0
          return !waiting
        },
        () => {
          told.add(to)
          idle.touch()
          // While the last bytes still wait for a slow reader, the connection is not idle, however long that takes.
          to.wire.once('finish', () => idle.touch(limits.halfClosedMs))
          to.end()
        },
      )
      from.closed.addEventListener('abort', () => onClosed(from, to))
      if (from.closed.aborted) onClosed(from, to)
    }

    const onClosed = (side: ByteStream, other: ByteStream) => {
      if (side.error !== null) {
        other.reset()
        const who = side === client ? 'client' : 'destination'
        finish({ ending: 'reset', code: 'relay.reset', message: `the ${who} broke the connection: ${side.error.message}` })
      } else if (other.closed.aborted) {
        finish(completed)
      } else if (told.size < 2) {
        // A socket closes by itself only when both sides have ended. This one was destroyed by us (the door stops):
        // the other side must not take it for the end of the data.
        other.reset()
        finish({ ending: 'shutdown', code: 'run.shutdown', message: 'the proxy is shutting down' })
      }
    }

    const idle = new IdleTimer(clock, limits.idleMs, (ms) => {
      // A reset throws away what the kernel still holds for the peer; whoever was told the end has a right to all before it.
      for (const side of [client, upstream]) {
        if (told.has(side)) side.destroy()
        else side.reset()
      }
      const when = told.size === 0 ? '' : ' after one side had ended'
      finish({ ending: 'idle', code: 'relay.idle', message: `nothing moved for ${Math.round(ms / 1000)} s${when}` })
    })

    const onFault = (error: unknown) => {
      done = true
      idle.stop()
      cut.removeEventListener('abort', onCut)
      client.reset()
      upstream.reset()
      reject(error)
    }

    const onCut = () => {
      client.reset()
      upstream.reset()
      const reason: unknown = cut.reason
      finish({ ending: 'cut', code: 'policy.cut', message: reason instanceof Error ? reason.message : null })
    }
    cut.addEventListener('abort', onCut)
    if (cut.aborted) return onCut()

    pump(
      client,
      upstream,
      (bytes) => {
        meter.up += bytes
      },
      tap,
    )
    pump(
      upstream,
      client,
      (bytes) => {
        meter.down += bytes
      },
      null,
    )
  })
}
