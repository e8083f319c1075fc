/** One question to one name server and what comes back, whatever carries it: the transports' common interface. */
import type { Stop } from '../../model/stop.ts'
import type { AddressType, DnsResponse } from '../../wire/dns.ts'
import type { Unusable } from './answer.ts'

export interface Question {
  /** As `wire/dns-name.ts` writes names. */
  readonly name: string
  readonly type: AddressType
  readonly edns: boolean
}

/** `age`: seconds that the response spent in caches on its way (RFC 8484 §5.1). */
export type Reply = { readonly kind: 'response'; readonly response: DnsResponse; readonly age: number } | Unusable

export interface Exchange {
  /**
   * The first response that belongs to the question; others are passed over and the wait goes on. Never rejects:
   * `timeout` when `stop` fires.
   */
  exchange(question: Question, stop: Stop): Promise<Reply>
}
