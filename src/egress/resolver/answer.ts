/** What one name server says of a name. A refusal to answer is a value here: the next server may know. */
import type { Ip } from '../../model/address.ts'
import type { NonEmpty } from '../../model/brand.ts'
import type { Hostname } from '../../model/hostname.ts'
import type { Stop } from '../../model/stop.ts'

/**
 * After this the next server is asked. `why` in the words of messages, as in "udp://192.0.2.53:53 (timed out)".
 * `exhausted`: we had no descriptor to ask with, which says nothing of the server.
 */
export interface Unusable {
  readonly kind: 'timeout' | 'failed' | 'exhausted'
  readonly why: string
  readonly cause?: unknown
}

/** `not-found` is final for every server. */
export type Answer =
  | { readonly kind: 'addresses'; readonly ips: NonEmpty<Ip> }
  | { readonly kind: 'not-found'; readonly cause?: unknown }
  | Unusable

export interface NameServer {
  /** As messages call it. */
  readonly label: string
  /** Whether it said nothing at all of late: others are asked first. */
  readonly failing: boolean
  /** What it said before and still holds; asks nobody. */
  recall(name: Hostname): Answer | null
  /** Never rejects: `timeout` when `stop` fires. */
  ask(name: Hostname, stop: Stop): Promise<Answer>
}

/** Servers that stand for each other, in the order in which they are asked, and what is known without any of them. */
export interface NameServers {
  /** As messages call what is known without a server. */
  readonly label: string
  known(name: Hostname): Promise<Answer | null>
  /** Those that are set now. */
  servers(): readonly NameServer[]
}
