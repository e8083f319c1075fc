/**
 * Datagrams both ways between a client and one destination, until nothing moved for a while, one side is closed, or the
 * flow is cut. No back-pressure: whoever sends too much loses datagrams, as on any network.
 */
import { asRingfenceError } from '../model/errors.ts'
import type { Ending } from '../model/event.ts'
import type { Stop } from '../model/stop.ts'
import { IdleTimer } from './idle-timer.ts'
import type { Clock, HowEnded, Meter } from './ports.ts'

/** `false`: lost. */
export type DatagramReceiver = (datagram: Uint8Array) => boolean

/** One side of a session. */
export interface DatagramPort {
  /** Sends one, or loses it: `false`. */
  send(datagram: Uint8Array): boolean
  /** From now on every datagram, those that waited first, goes to `receiver`. */
  receive(receiver: DatagramReceiver): void
  /** Fires when nothing more can come. Its reason is a RingfenceError where something went wrong. */
  readonly closed: Stop
  close(): void
}

export interface DatagramRelayOptions {
  /** Nothing moved in either direction for this long: over. */
  readonly idleMs: number
  readonly clock: Clock
  readonly cut: Stop
}

/** Relays until the session is over, and closes both sides; never rejects. Datagrams that were lost here are not counted. */
export function relayDatagrams(
  client: DatagramPort,
  upstream: DatagramPort,
  meter: Meter,
  { idleMs, clock, cut }: DatagramRelayOptions,
): Promise<HowEnded> {
  return new Promise((resolve) => {
    let done = false
    const finish = (ended: HowEnded) => {
      if (done) return
      done = true
      idle.stop()
      for (const { stop, listener } of stops) stop.removeEventListener('abort', listener)
      upstream.close()
      client.close()
      resolve(ended)
    }
    const idle = new IdleTimer(clock, idleMs, (ms) => {
      finish({ ending: 'idle', code: 'relay.idle', message: `no datagram for ${Math.round(ms / 1000)} s` })
    })
    const stops = [
      { stop: cut, listener: () => finish({ ending: 'cut', code: 'policy.cut', message: messageOf(cut.reason) }) },
      { stop: upstream.closed, listener: () => finish(endedBy(upstream.closed.reason)) },
      { stop: client.closed, listener: () => finish(endedBy(client.closed.reason)) },
    ]
    for (const { stop, listener } of stops) {
      stop.addEventListener('abort', listener)
      if (stop.aborted) return listener()
    }

    // What is lost on the way to a full queue is no sign of life, or a flood would keep a dead session.
    client.receive((datagram) => {
      if (done || !upstream.send(datagram)) return false
      meter.up += datagram.length
      if (meter.datagrams !== undefined) meter.datagrams.up++
      idle.touch()
      return true
    })
    upstream.receive((datagram) => {
      if (done || !client.send(datagram)) return false
      meter.down += datagram.length
      if (meter.datagrams !== undefined) meter.datagrams.down++
      idle.touch()
      return true
    })
  })
}

const completed: HowEnded = { ending: 'completed', code: null, message: null }

const endings: Readonly<Record<string, Ending>> = { 'run.shutdown': 'shutdown', 'client.gone': 'client-gone' }

/** A side that was closed for no reason is one that has no more to say. */
function endedBy(reason: unknown): HowEnded {
  if (reason === null || reason === undefined) return completed
  const { code, message } = asRingfenceError(reason)
  return { ending: endings[code] ?? 'failed', code, message }
}

const messageOf = (reason: unknown): string | null => (reason instanceof Error ? reason.message : null)
