/** Questions with an id that nobody can guess, and whether a response belongs to one (RFC 5452 §9.1). */
import { randomInt } from 'node:crypto'
import { type DnsResponse, dnsRcode, dnsType, encodeQuery } from '../../wire/dns.ts'
import type { Question } from './exchange.ts'

/** A random 16-bit id that `taken` does not have. */
export function randomId(taken: { has(id: number): boolean } = new Set<number>()): number {
  for (;;) {
    const id = randomInt(0x1_0000)
    if (!taken.has(id)) return id
  }
}

/**
 * The bytes to send, padded where they are `encrypted` (RFC 8467 §4.1); in clear that would only cost (RFC 7830 §6).
 * Whoever asks has a name of the DNS in hand already: anything else is a bug.
 */
export function queryBytes(question: Question, id: number, encrypted: boolean): Uint8Array {
  const bytes = encodeQuery({ ...question, id, padded: encrypted })
  if (bytes === null) throw new Error(`not a name of the DNS: ${question.name}`)
  return bytes
}

/**
 * The names were put into lower case when they were read, so a server may answer in any case. A response without the
 * question can only say that the server failed (RFC 6891 §7: old ones refuse so what they can't read).
 */
export function belongs(response: DnsResponse, question: Question, id: number): boolean {
  if (response.id !== id) return false
  if (response.question === null) return response.rcode !== dnsRcode.NOERROR && response.rcode !== dnsRcode.NXDOMAIN
  return response.question.name === question.name && response.question.type === dnsType[question.type]
}
