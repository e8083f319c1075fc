/** What one configured server says of a name. A refusal to answer is a value here: the next server may know. */
import type { Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Hostname } from '../model/hostname.ts'

/** `not-found` is final for every server; after `timeout` and `failed` the next one is asked. */
export type Answer =
  | { readonly kind: 'addresses'; readonly ips: NonEmpty<Ip> }
  | { readonly kind: 'not-found'; readonly cause?: unknown }
  | { readonly kind: 'timeout' | 'failed'; readonly why: string; readonly cause?: unknown }

export interface NameServer {
  /** As messages call it. */
  readonly label: string
  /** Throws only when the signal fires: the signal's own accident, `client.gone` or `resolve.timeout`. */
  ask(name: Hostname, signal: AbortSignal): Promise<Answer>
}
