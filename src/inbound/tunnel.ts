/** The offer of a client that wants a tunnel (CONNECT, SOCKS): granted, the connection is its own, byte for byte. */
import type { Endpoint } from '../model/address.ts'
import type { Host } from '../model/hostname.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import { Deadline } from '../pipeline/deadline.ts'
import type { FirstBytes, Offer, Refusal, Upstream } from '../pipeline/ports.ts'
import { relay } from '../pipeline/relay.ts'
import { type Door, type Guest, newFlow, type Visitor } from './door.ts'
import { sayFarewell } from './farewell.ts'

/** How the door's protocol says yes and no. */
export interface Dialect {
  /** `null`: nothing was dialled yet. */
  granted(upstream: Upstream | null): Uint8Array
  refused(refusal: Refusal): Uint8Array
}

export function tunnelOffer({ stream, client, who }: Guest, asked: Endpoint<Host>, door: Door, dialect: Dialect): Offer {
  let answer: 'none' | 'granted' | 'refused' = 'none'
  let watcher: ((chunk: Uint8Array) => void) | null = null
  return {
    flow: newFlow(door, { client, who }, asked),
    gone: goneSignal(stream, () => answer !== 'none'),
    firstBytes: firstBytesOf(stream, (see) => {
      watcher = see
    }),
    grant(upstream) {
      if (answer !== 'none') return
      answer = 'granted'
      stream.wire.write(dialect.granted(upstream ?? null))
    },
    refuse(refusal) {
      if (answer === 'refused') return
      if (answer === 'none') sayFarewell(stream, dialect.refused(refusal))
      else stream.reset()
      answer = 'refused'
    },
    relay: (upstream, meter, cut) =>
      relay(stream, upstream.stream, meter, {
        limits: door.limits.relay,
        clock: door.clock,
        cut,
        tap: watcher === null ? null : (chunk) => watcher?.(chunk),
      }),
  }
}

/**
 * A FIN with nothing unread, before the grant: nobody is left to use the tunnel. After it, it is a client that has said
 * all it has to say and waits for the answer; only a closed connection is then gone.
 */
function goneSignal(stream: Visitor['stream'], isGranted: () => boolean): Stop {
  const gone = new StopSource()
  const onLeft = () => {
    if (!isGranted()) gone.abort(stream.left.reason)
  }
  if (stream.left.aborted) onLeft()
  if (stream.closed.aborted) gone.abort(stream.closed.reason)
  stream.left.addEventListener('abort', onLeft)
  stream.closed.addEventListener('abort', () => gone.abort(stream.closed.reason))
  return gone
}

function firstBytesOf(stream: Visitor['stream'], tap: (see: ((chunk: Uint8Array) => void) | null) => void): FirstBytes {
  return {
    async hold(see, milliseconds) {
      const timeUp = new Deadline(milliseconds, 'the first message')
      try {
        for (let seen = 0; !see(stream.held.subarray(seen)); ) {
          seen = stream.held.length
          if (timeUp.aborted) return 'time'
          await stream.grown(seen, timeUp).catch(() => undefined)
          if (stream.held.length === seen) return timeUp.aborted ? 'time' : 'ended'
        }
        return 'enough'
      } finally {
        timeUp.clear()
      }
    },
    watch(see, ended) {
      let enough = false
      tap((chunk) => {
        enough = see(chunk)
        if (enough) tap(null)
      })
      stream.left.addEventListener('abort', () => {
        if (!enough) ended()
      })
    },
  }
}
