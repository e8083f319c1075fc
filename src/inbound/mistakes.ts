/**
 * What clients, or whoever set them up, get wrong before anything of theirs could be judged: a proxy set as http:// where
 * the door speaks TLS, a balancer without its header, nonsense. The log is told of each kind at once, with what to do, and
 * then once a minute of how many more: a scanner fills neither the log nor memory.
 */
import type { Endpoint, Ip } from '../model/address.ts'
import { RingfenceError } from '../model/errors.ts'
import { isProxyHeader } from '../wire/proxy-protocol.ts'
import { TurnedAway } from './turned-away.ts'

/** What there is to do about each kind; `null`: what went wrong says it all. */
const remedies = {
  network: 'add its network under "clients" of this door if it belongs there',
  'no-tls': 'this door speaks TLS: the client needs https:// for its proxy, not http:// or socks5://',
  'to-clear': 'this door speaks no TLS: the client needs http:// for its proxy, not https://, or the door "tls"',
  tls: null,
  left: 'clients that do not trust the certificate of a door may leave in this way: give them its authority',
  distrust: "give the client the authority of the door's certificate, and a name of the door that stands in it",
  'no-certificate': 'the client needs a certificate of an authority in "tls.clients" of this door',
  certificate: 'the client needs a valid certificate for clients, of an authority in "tls.clients" of this door, with one user name',
  'no-header': 'let it send one (HAProxy: send-proxy-v2), or take its address out of "proxy_protocol.from"',
  'stray-header': 'add its address under "proxy_protocol.from" of this door if it is your load balancer',
  request: null,
  associations: null,
} as const satisfies Readonly<Record<string, string | null>>

export type MistakeKind = keyof typeof remedies

/** A mistake that ended a connection before it was served. */
export class Mistake extends RingfenceError {
  readonly kind: MistakeKind

  constructor(kind: MistakeKind, why: string, options?: ErrorOptions) {
    super('client.malformed', why, options)
    this.kind = kind
  }
}

export interface ToldMistake {
  readonly kind: MistakeKind
  /** Since this kind was told of last. */
  readonly count: number
  /** The last one who made it. */
  readonly client: Endpoint<Ip>
  readonly sentence: string
}

/** Those of one door. */
export class Mistakes {
  readonly #door: string
  readonly #tell: (told: ToldMistake) => void
  readonly #kinds = new Map<MistakeKind, { readonly counted: TurnedAway<'mistake'>; client: Endpoint<Ip>; why: string }>()

  constructor(door: string, tell: (told: ToldMistake) => void) {
    this.#door = door
    this.#tell = tell
  }

  add(kind: MistakeKind, client: Endpoint<Ip>, why: string): void {
    const seen = this.#kinds.get(kind)
    if (seen !== undefined) {
      seen.client = client
      seen.why = why
      seen.counted.add('mistake')
      return
    }
    let isFirst = true
    const counted = new TurnedAway<'mistake'>(({ mistake: count = 0 }) => {
      this.#say(kind, count, isFirst)
      isFirst = false
    })
    this.#kinds.set(kind, { counted, client, why })
    counted.add('mistake')
  }

  #say(kind: MistakeKind, count: number, isFirst: boolean): void {
    const last = this.#kinds.get(kind)
    if (last === undefined) return
    const who = isFirst || count === 1 ? `client ${last.client.host}` : `${count} times more, the last time client ${last.client.host}`
    const remedy = remedies[kind]
    const sentence = `door ${this.#door}, ${who}: ${withoutQuotes(last.why)}${remedy === null ? '' : `; ${remedy}`}`
    this.#tell({ kind, count, client: last.client, sentence })
  }
}

/** RFC 8446 §5.1: the content type of the first record. */
export const TLS_HANDSHAKE = 22

/** Of bytes that are no request, what they are instead. */
export function kindOfNonsense(bytes: Uint8Array): { readonly kind: MistakeKind; readonly why: string } | null {
  if (bytes[0] === TLS_HANDSHAKE) return { kind: 'to-clear', why: 'the client speaks TLS' }
  return isProxyHeader(bytes) ? strayHeader : null
}

export const strayHeader = { kind: 'stray-header', why: 'it sent a PROXY header, and nobody else than balancers may' } as const

/** What stands there is the client's own text, which may be long, or a password that somebody typed into the wrong field. */
const withoutQuotes = (why: string): string => why.replace(/".*"/s, '"…"')
