/**
 * One look-up of both families through c-ares, which Node carries (`node:dns`): no thread of libuv's pool waits, so
 * twenty slow names delay neither each other nor the files and data bases. It knows neither the hosts file nor the
 * other servers.
 *
 * Each look-up has a channel of its own. Making one costs 30 µs (measured on Node 20, c-ares 1.34) and buys three things.
 * A shared channel learns from fast answers and then gives a slow name up after one second whatever `timeout` says.
 * Its `cancel` would end the queries of others. And it would keep the servers that the system had when it was made.
 */
import { Resolver } from 'node:dns/promises'
import { type Ip, parseIp } from '../model/address.ts'
import { isNonEmpty } from '../model/brand.ts'
import type { Hostname } from '../model/hostname.ts'
import type { Answer } from './answer.ts'
import { givenUp } from './given-up.ts'
import { specialAnswer } from './special-names.ts'

const LOOK_UP_MS = 5_000
const RETRY_MS = 1_000 // c-ares doubles it at each try
const TRIES = 3
const RESOLUTION_DELAY_MS = 50 // RFC 8305 §3

export interface LookUpSettings {
  /** All there is for both families and every retry. */
  readonly lookUpMs: number
  readonly retryMs: number
  readonly resolutionDelayMs: number
}

export const lookUpDefaults: LookUpSettings = { lookUpMs: LOOK_UP_MS, retryMs: RETRY_MS, resolutionDelayMs: RESOLUTION_DELAY_MS }

type FamilyAnswer = Answer | { readonly kind: 'late' }
type Unusable = Extract<Answer, { why: string }>

/** Asks for A and AAAA at once. `servers` in the form of `setServers`; `null`: those that the system uses now. */
export async function lookUp(
  name: Hostname,
  servers: readonly string[] | null,
  signal: AbortSignal,
  settings: LookUpSettings,
): Promise<Answer> {
  const special = specialAnswer(name)
  if (special !== null) return special
  const channel = new Resolver({ timeout: settings.retryMs, tries: TRIES })
  if (servers !== null) channel.setServers(servers)
  const doing = `looking up ${name}`
  const startedAt = performance.now()
  const queries = { v4: family(channel.resolve4(name)), v6: family(channel.resolve6(name)) }
  try {
    // Once there are IPv4 addresses, IPv6 gets only the resolution delay. The reverse does not hold: steering wants
    // every address of a name, and most names have an A record, so A is worth its whole time.
    const v4 = await within(queries.v4, settings.lookUpMs, signal, doing)
    const left = v4.kind === 'addresses' ? settings.resolutionDelayMs : settings.lookUpMs - (performance.now() - startedAt)
    return combine(v4, await within(queries.v6, left, signal, doing))
  } finally {
    channel.cancel()
  }
}

/** Never rejects. */
async function family(query: Promise<string[]>): Promise<FamilyAnswer> {
  try {
    // An alias that leads nowhere is an empty list, not ENODATA.
    const ips = (await query).map(parseIp).filter((ip): ip is Ip => ip !== null)
    return isNonEmpty(ips) ? { kind: 'addresses', ips } : { kind: 'not-found' }
  } catch (cause) {
    const code = String((cause as NodeJS.ErrnoException).code)
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { kind: 'not-found', cause }
    if (code === 'ETIMEOUT') return { kind: 'timeout', why: 'timed out', cause }
    return { kind: 'failed', why: code.replace(/^E/, ''), cause }
  }
}

/**
 * Addresses of either family are an answer. A name is not found only where both families say so: RFC 4074 §4 lists
 * servers that fail, or even deny the name, when asked for AAAA.
 */
function combine(v4: FamilyAnswer, v6: FamilyAnswer): Answer {
  const ips = [v4, v6].flatMap((answer) => (answer.kind === 'addresses' ? answer.ips : []))
  if (isNonEmpty(ips)) return { kind: 'addresses', ips }
  if (v4.kind === 'not-found' && v6.kind === 'not-found') return v4.cause === undefined ? v6 : v4
  const unusable = [v4, v6].filter((answer): answer is Unusable => answer.kind === 'failed' || answer.kind === 'timeout')
  return unusable.find((answer) => answer.kind === 'failed') ?? unusable[0] ?? { kind: 'timeout', why: 'timed out' }
}

function within(query: Promise<FamilyAnswer>, milliseconds: number, signal: AbortSignal, doing: string): Promise<FamilyAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (answer: FamilyAnswer | null) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      if (answer === null) reject(givenUp(signal, 'resolve.timeout', doing))
      else resolve(answer)
    }
    const onAbort = () => settle(null)
    const timer = setTimeout(() => settle({ kind: 'late' }), Math.max(0, milliseconds))
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) settle(null)
    else query.then(settle)
  })
}
