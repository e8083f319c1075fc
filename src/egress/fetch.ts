/**
 * Ringfence's own HTTP client (DESIGN.md §2, rule 10): each connection is a flow like any other, resolved once, judged,
 * dialled only where it was judged, and recorded. A redirect is a new flow, judged anew. Errors and records name hosts,
 * never whole URLs: their paths and queries may hold secrets.
 */
import { randomBytes } from 'node:crypto'
import type { Fetch, FetchResponse } from '../geoip/download.ts'
import { ipFromBytes } from '../model/address.ts'
import { RingfenceError } from '../model/errors.ts'
import type { Flow, FlowId } from '../model/flow.ts'
import { type Host, hostText, isHost, parseHost } from '../model/hostname.ts'
import { anonymous } from '../model/identity.ts'
import { isLocal } from '../model/scope.ts'
import { carry } from '../pipeline/pipeline.ts'
import type { Road } from '../pipeline/ports.ts'
import { type Answer, type GetRequest, httpGet } from './http-get.ts'
import { ownOffer } from './own-offer.ts'

const HEAD_MS = 30_000
const IDLE_MS = 30_000
const MAX_REDIRECTS = 5

export interface FetchSettings {
  readonly userAgent: string
  /** Time from the connection to the end of the response head, milliseconds. */
  readonly headMs: number
  /** Longest time in which nothing moves, milliseconds. */
  readonly idleMs: number
  /** PEM certificates to trust instead of Node's roots, or `null`. */
  readonly ca: readonly string[] | null
}

const defaults: FetchSettings = { userAgent: 'ringfence', headMs: HEAD_MS, idleMs: IDLE_MS, ca: null }

/** A `Fetch` over this road. Its errors are RingfenceErrors, which come after the flow's record was written. */
export function createFetch(road: Road, settings: Partial<FetchSettings> = {}): Fetch {
  const known = { ...defaults, ...settings }
  const run = randomBytes(4).toString('hex')
  let count = 0

  const once = async (request: GetRequest, signal: AbortSignal): Promise<FetchResponse> => {
    const flow: Flow = {
      id: `${run}-${(++count).toString(36)}` as FlowId,
      openedAt: road.clock.now(),
      inbound: 'update',
      network: 'tcp',
      client: ourselves,
      who: anonymous,
      asked: { host: request.host, port: portOf(request.url) },
    }
    let failure: RingfenceError | null = null
    let onAnswer: (answer: Answer) => void = () => undefined
    const answered = new Promise<Answer>((resolve) => {
      onAnswer = resolve
    })
    const offer = ownOffer({
      flow,
      signal,
      run: (upstream, meter, stop) => httpGet(upstream, request, meter, { ...known, clock: road.clock }, stop, onAnswer),
      failed: (error) => {
        failure = error
      },
    })
    const carried = carry(offer, road)
    const unanswered = carried.then(() => {
      throw failure ?? new Error('a flow ended without an answer and without an error')
    })
    return responseOf(await Promise.race([answered, unanswered]), carried)
  }

  return async ({ url, headers = {}, from }, signal) => {
    const ours = { accept: '*/*', 'user-agent': known.userAgent, ...(from === undefined ? {} : rangeFrom(from)) }
    // What the caller adds is meant for the host it named, and may be a key.
    let theirs = headers
    let at = url
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await once({ url: at, host: hostOf(at), headers: { ...lowerCased(theirs), ...ours } }, signal)
      const location = redirects.has(response.status) ? response.headers.location : undefined
      if (location === undefined) return response
      await response.close()
      const next = redirected(at, location)
      if (next.origin !== at.origin) theirs = {}
      at = next
    }
    throw new RingfenceError('relay.malformed-response', `${url.hostname} redirects more than ${MAX_REDIRECTS} times`)
  }
}

const ourselves = { host: ipFromBytes(Uint8Array.of(127, 0, 0, 1)), port: 0 }

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

function responseOf({ status, headers, body, drop }: Answer, carried: Promise<void>): FetchResponse {
  return {
    status,
    headers,
    body: recorded(body, carried),
    async close() {
      drop()
      await carried
    },
  }
}

/** Whoever has read the body to its end finds the flow's record complete. */
async function* recorded(body: AsyncIterable<Uint8Array>, carried: Promise<void>) {
  try {
    yield* body
  } finally {
    await carried
  }
}

function hostOf(url: URL): Host {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`${url.protocol} is not fetched, only http: and https:`)
  if (url.username !== '' || url.password !== '') throw refused(`the URL of ${url.hostname} holds a password: keys belong into a header`)
  const host = parseHost(url.hostname)
  if (!isHost(host)) throw refused(host.problem)
  return host
}

/** Where a redirect leads. Throws where no redirect of somebody else's may lead us. */
function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href))
    throw new RingfenceError('relay.malformed-response', `${from.hostname} redirects to what is no URL`)
  const to = new URL(location, from.href)
  const host = hostOf(to)
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw new RingfenceError('relay.malformed-response', `${from.hostname} redirects from https to http at ${hostText(host)}: not followed`)
  if (host.kind === 'ip' && isLocal(host.ip))
    throw new RingfenceError('refuse.local-answer', `${from.hostname} redirects to ${host.ip} in the local network: not followed`)
  return to
}

const refused = (why: string): RingfenceError => new RingfenceError('client.malformed', why)

const portOf = ({ port, protocol }: URL): number => (port !== '' ? Number(port) : protocol === 'https:' ? 443 : 80)

const rangeFrom = ({ offset, validator }: { readonly offset: number; readonly validator: string }) => ({
  range: `bytes=${offset}-`,
  'if-range': validator,
})

const lowerCased = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
