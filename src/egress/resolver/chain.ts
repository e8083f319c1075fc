/**
 * What a response says of one name: records count only where the chain of aliases from that very name leads to them.
 * A server that adds records of other names, asked for or not, has said nothing.
 */
import type { Ip } from '../../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../../model/brand.ts'
import { type AddressType, type DnsRecord, type DnsResponse, dnsRcode } from '../../wire/dns.ts'

/** All aliases of a name, over however many responses. */
export const MAX_ALIASES = 16
/**
 * Of one family of one name. Nobody has more for good, and each address that is judged costs a place in the record and,
 * where nobody answers, a dial: whoever owns a name must not make a request cost thousands. Those beyond are never dialled.
 */
export const MAX_ADDRESSES = 64

/** `ttl` in seconds, the least of all records that were used; of an absence `null` where the server says of none (RFC 2308 §5). */
export type Reading =
  | { readonly kind: 'addresses'; readonly ips: NonEmpty<Ip>; readonly ttl: number }
  /** The chain ends in a name of which the response says nothing more. */
  | { readonly kind: 'alias'; readonly target: string; readonly ttl: number }
  | { readonly kind: 'not-found'; readonly ttl: number | null }
  | { readonly kind: 'failed'; readonly why: string }

/** `seen`: the names of the chain so far; those of this response are added. */
export function readChain(response: DnsResponse, name: string, type: AddressType, seen: Set<string>): Reading {
  const { answers, rcode } = response
  if (rcode !== dnsRcode.NOERROR && rcode !== dnsRcode.NXDOMAIN) return { kind: 'failed', why: rcodeName(rcode) }
  let owner = name
  let ttl = Number.POSITIVE_INFINITY
  for (;;) {
    if (seen.has(owner)) return { kind: 'failed', why: 'its aliases go round in a circle' }
    seen.add(owner)
    if (seen.size > MAX_ALIASES + 1) return { kind: 'failed', why: `more than ${MAX_ALIASES} aliases` }
    const own = answers.filter((record) => record.name === owner)
    const found = own.filter((record): record is Extract<DnsRecord, { ip: Ip }> => record.type === type)
    const ips = found.slice(0, MAX_ADDRESSES).map(({ ip }) => ip)
    if (isNonEmpty(ips) && rcode === dnsRcode.NXDOMAIN) return { kind: 'failed', why: 'it denies a name and gives it addresses' }
    if (isNonEmpty(ips)) return { kind: 'addresses', ips, ttl: Math.min(ttl, ...found.map((record) => record.ttl)) }
    const alias = own.find((record) => record.type === 'CNAME')
    if (alias?.type !== 'CNAME') break
    ttl = Math.min(ttl, alias.ttl)
    owner = alias.target
  }
  return absence(response, owner, ttl, owner !== name)
}

/** The chain has ended without an address. RFC 2308 §2: with NXDOMAIN or a SOA the last name has none, and the server knows. */
function absence(
  { rcode, authority, authoritative, recursionAvailable }: DnsResponse,
  owner: string,
  ttl: number,
  aliased: boolean,
): Reading {
  const soa = authority.find((record) => record.type === 'SOA' && isWithin(owner, record.name))
  const kept = soa?.type === 'SOA' ? Math.min(ttl, soa.ttl, soa.minimum) : null
  if (rcode === dnsRcode.NXDOMAIN || kept !== null) return { kind: 'not-found', ttl: kept }
  if (aliased) return { kind: 'alias', target: owner, ttl }
  // RFC 2308 §2.2: a referral looks like an absence, but the server only names others whom it will not ask for us.
  const referral = !authoritative && !recursionAvailable && authority.some((record) => record.type === 'NS')
  return referral ? { kind: 'failed', why: 'it only refers to other servers' } : { kind: 'not-found', ttl: null }
}

const isWithin = (name: string, zone: string): boolean => zone === '' || name === zone || name.endsWith(`.${zone}`)

const rcodeNames = new Map<number, string>(Object.entries(dnsRcode).map(([name, code]) => [code, name]))

const rcodeName = (rcode: number): string => rcodeNames.get(rcode) ?? `RCODE ${rcode}`
