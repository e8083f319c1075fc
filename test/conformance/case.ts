/**
 * One requirement of an RFC on a proxy, as bytes: what a client sends and an origin answers, and what each of them must
 * receive. Requirements are named by their numbers. Everything that a door writes is told to the byte, with the clock
 * standing still; answers of its own are read by the strict reader.
 */
import { expect } from 'vitest'
import { startOrigin } from '../support/origin-server.ts'
import { type DoorOptions, notToChina, openProxy, places, policyText, VIA, type World } from '../support/proxy-under-test.ts'
import type { Peer } from '../support/socket-pair.ts'
import { readRequest, readResponse, valuesOf } from './strict-reader.ts'

export interface Case {
  /** `RFC 9110 §7.6.3`. */
  readonly rfc: string
  /** What is held to, in our words. */
  readonly says: string
  /** What the client sends; it waits where a step says what it must have received. */
  readonly send: string | readonly Step[]
  /** What the origin does with each connection, in order; else it answers `OK`. */
  readonly answers?: readonly (string | readonly Reply[])[]
  /** All that the origin receives on each connection; none: the request goes nowhere. */
  readonly origin: readonly string[]
  /** All that the client receives. */
  readonly client: readonly (string | Own)[]
  /**
   * `stays`: another request on the same connection is answered. `short`: it closes, and whoever goes by the framing still
   * waits for more of the last answer. `breaks`: a reset.
   */
  readonly ends: 'stays' | 'closes' | 'short' | 'breaks'
  /** A reset may overtake what was sent before it: then this is the answer, and the connection stays. */
  readonly orElse?: Own
  readonly door?: World & DoorOptions
}

export type Step = string | { readonly after: string } | { readonly fin: true }

export interface Reply {
  /** Once this was received; else once the request is whole. */
  readonly when?: string
  readonly bytes?: string
  readonly ends?: 'closes' | 'breaks'
}

/** An answer that the proxy gives itself: its status, and the error type of Proxy-Status (RFC 9209 §2.3). */
export interface Own {
  readonly status: number
  readonly error: string
}

/** A head of these lines. */
export const lines = (...of: readonly string[]): string => `${of.join('\r\n')}\r\n\r\n`

/** What Via says of a message that came in HTTP/1.1. */
export const BY_US = `Via: 1.1 ${VIA}`
const NOW = Date.parse('2026-08-01T12:00:00Z')
/** What an answer without Date gets. */
export const DATED = 'Date: Sat, 01 Aug 2026 12:00:00 GMT'
/** The origin's own. */
export const DATE = 'Date: Sun, 06 Nov 1994 08:49:37 GMT'

/** What an origin answers, and what of it reaches the client. */
export const OK = `${lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 2')}ok`
export const PASSED = `${lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 2', BY_US)}ok`

/** A request as `a.test` gets it. */
export const toOrigin = (start: string, ...fields: readonly string[]): string =>
  lines(start, 'Host: a.test', ...fields, BY_US, 'Connection: close')
export const GET = lines('GET http://a.test/ HTTP/1.1', 'Host: a.test')
export const GOT = toOrigin('GET / HTTP/1.1')

export const malformed = (status: number): Own => ({ status, error: 'http_request_error' })
export const badGateway: Own = { status: 502, error: 'http_protocol_error' }
export const incomplete: Own = { status: 502, error: 'http_response_incomplete' }
export const denied: Own = { status: 403, error: 'http_request_denied' }

/** A request that goes on. */
export const passes = (rfc: string, says: string, send: Case['send'], received: string): Case => ({
  rfc,
  says,
  send,
  origin: [received],
  client: [PASSED],
  ends: 'stays',
})

/** A request that goes nowhere; the connection, where nobody knows any more what is what, ends. */
export const refuses = (rfc: string, says: string, status: number, send: Case['send'], door?: Case['door']): Case => ({
  rfc,
  says,
  send,
  origin: [],
  client: [malformed(status)],
  ends: 'closes',
  ...(door === undefined ? {} : { door }),
})

/** What an origin answers to a GET, and what reaches the client. */
export const answered = (
  rfc: string,
  says: string,
  answer: string | readonly Reply[],
  client: string | Own,
  more: Partial<Case> = {},
): Case => ({ rfc, says, send: GET, answers: [answer], origin: [GOT], client: [client], ends: 'stays', ...more })

const AMERICA = '170.114.1.1'
const PROBED = '170.114.1.2'
const REFUSING = '170.114.1.3'
const PROBE = lines('GET http://probe.test/ HTTP/1.1', 'Host: probe.test')
const PROBE_ANSWER = `${lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 5')}probe`
const PROBE_PASSED = `${lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 5', BY_US)}probe`

/** Sends the case's bytes through a real door, and judges both sides. */
export async function hold(one: Case): Promise<void> {
  let count = 0
  const origin = await startOrigin((peer) => serve(peer, one.answers?.[count++] ?? OK))
  const probe = await startOrigin((peer) => serve(peer, PROBE_ANSWER))
  const proxy = await openProxy({
    policy: policyText('enforce', notToChina),
    names: {
      'a.test': [AMERICA],
      'probe.test': [PROBED],
      'refusing.test': [REFUSING],
      'china.test': ['52.81.151.250'],
      'rebound.example': ['127.0.0.1'],
    },
    places: { ...places, [PROBED]: 'US', [REFUSING]: 'US' },
    routes: { [AMERICA]: origin.port, [PROBED]: probe.port, '2001:db8:1::1': origin.port },
    clock: { now: () => NOW, monotonic: () => performance.now() },
    ...one.door,
  })
  const client = await proxy.connect()
  for (const step of typeof one.send === 'string' ? [one.send] : one.send) {
    if (typeof step === 'string') client.send(step)
    else if ('after' in step) await client.receives(step.after)
    else client.end()
  }
  await clientReceives(client, one)
  for (const [i, received] of one.origin.entries()) {
    const peer = await origin.connection(i + 1)
    await peer.until(`all of ${JSON.stringify(received)}`, () => peer.count >= received.length || peer.ended || peer.closed)
    expect(peer.text).toBe(received)
  }
  expect(origin.connections).toHaveLength(one.origin.length)
  // What was judged is what was sent: nothing is dialled on behalf of nobody.
  expect(proxy.dialer.tried.filter((endpoint) => !endpoint.startsWith(REFUSING)).length).toBe(
    origin.connections.length + probe.connections.length,
  )
  expect(proxy.failed).toEqual([])
}

async function serve(peer: Peer, script: string | readonly Reply[]): Promise<void> {
  for (const { when, bytes, ends } of typeof script === 'string' ? [{ bytes: script }] : script) {
    await peer.until(when ?? 'a whole request', () =>
      when === undefined ? readRequest(peer.text).kind !== 'more' || peer.ended || peer.closed : peer.text.includes(when),
    )
    if (bytes !== undefined) await new Promise<void>((resolve) => peer.socket.write(Buffer.from(bytes, 'latin1'), () => resolve()))
    if (ends === 'closes') peer.end()
    if (ends === 'breaks') peer.reset()
  }
}

async function clientReceives(client: Peer, { client: told, ends, orElse }: Pick<Case, 'client' | 'ends' | 'orElse'>): Promise<void> {
  const over = () => client.ended || client.closed
  if (orElse !== undefined) {
    const another = `HTTP/1.1 ${orElse.status} `
    await client.until('a status', () => over() || client.text.length >= another.length)
    if (client.text.startsWith(another)) return await clientReceives(client, { client: [orElse], ends: 'stays' })
  }
  if (ends === 'breaks') {
    await client.until('a broken connection', () => client.errno !== null || client.ended)
    expect(client.errno).toBe('ECONNRESET')
    // A reset may destroy what came before it.
    expect(told.join('').startsWith(client.text) ? '' : client.text).toBe('')
    return
  }
  await client.until('its answers', () => over() || remainder(client.text, told, false) !== null)
  if (ends === 'stays') {
    expect(remainder(client.text, told, false)).toBe('')
    client.send(PROBE)
    await client.until('an answer to another request', () => over() || client.text.endsWith(PROBE_PASSED.slice(-9)))
    expect(remainder(client.text, [...told, PROBE_PASSED], false)).toBe('')
  } else {
    await client.until('the end', over)
    expect(remainder(client.text, told, true)).toBe('')
    const [last = ''] = told.slice(-1)
    if (ends === 'short') expect(typeof last === 'string' && readResponse(last, 0, 'GET', true).kind).toBe('more')
  }
  expect(client.errno).toBeNull()
}

/** What is left of `text` behind what was to be received; `null`: not all of it is there. Throws where it differs. */
function remainder(text: string, told: Case['client'], ended: boolean): string | null {
  let at = 0
  for (const one of told) {
    if (typeof one === 'string') {
      const there = text.slice(at, at + one.length)
      if (there.length < one.length && !ended && one.startsWith(there)) return null
      expect(there).toBe(one)
      at += one.length
      continue
    }
    const reading = readResponse(text, at, 'GET', ended)
    if (reading.kind === 'more' && !ended) return null
    if (reading.kind !== 'message') throw new Error(`no answer: ${JSON.stringify(reading)} in ${JSON.stringify(text.slice(at))}`)
    const { start, fields } = reading.message
    const [said = ''] = valuesOf(fields, 'proxy-status')
    expect({ status: Number(start.split(' ')[1]), error: /^ringfence; error=([a-z_]+); details="/.exec(said)?.[1] }).toEqual(one)
    expect(valuesOf(fields, 'date')).toEqual([DATED.slice(6)])
    expect(valuesOf(fields, 'via')).toEqual([])
    at = reading.end
  }
  return text.slice(at)
}
