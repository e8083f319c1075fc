/** All addresses of one family of a name by one server: follows aliases from response to response. */
import type { Hostname } from '../../model/hostname.ts'
import type { Stop } from '../../model/stop.ts'
import { type AddressType, dnsRcode } from '../../wire/dns.ts'
import type { Answer, Unusable } from './answer.ts'
import { readChain } from './chain.ts'
import type { Exchange, Reply } from './exchange.ts'
import { isSpecial } from './special-names.ts'

const MAX_QUERIES = 8

/** `ttl` in seconds from now; 0 where the answer is not to be kept. */
export type FamilyAnswer = Exclude<Answer, Unusable> & { readonly ttl: number }

/** Never rejects. */
export async function lookUpFamily(exchange: Exchange, name: Hostname, type: AddressType, stop: Stop): Promise<FamilyAnswer | Unusable> {
  const seen = new Set<string>()
  let asked: string = name
  let ttl = Number.POSITIVE_INFINITY
  for (let queries = 0; queries < MAX_QUERIES; queries++) {
    const reply = await query(exchange, asked, type, stop)
    if (reply.kind !== 'response') return reply
    const reading = readChain(reply.response, asked, type, seen)
    if (reading.kind === 'failed') return { kind: 'failed', why: reading.why }
    ttl = Math.min(ttl, (reading.ttl ?? 0) - reply.age)
    const kept = Math.max(0, ttl)
    if (reading.kind === 'not-found') {
      const why = reply.response.rcode === dnsRcode.NXDOMAIN ? 'NXDOMAIN' : 'NODATA'
      return { kind: 'not-found', cause: new Error(`${type} of ${asked}: ${why}`), ttl: kept }
    }
    if (reading.kind === 'addresses') return { kind: 'addresses', ips: reading.ips, ttl: kept }
    // Nor may a server have them asked for that are no business of any.
    if (isSpecial(reading.target)) return { kind: 'failed', why: `its alias leads to ${reading.target}, which no name server is asked for` }
    // The next response begins with this name again.
    seen.delete(reading.target)
    asked = reading.target
  }
  return { kind: 'failed', why: `its aliases need more than ${MAX_QUERIES} queries` }
}

/** RFC 6891 §7: a server that does not understand EDNS is asked again without. */
async function query(exchange: Exchange, name: string, type: AddressType, stop: Stop): Promise<Reply> {
  const reply = await exchange.exchange({ name, type, edns: true }, stop)
  const refused = reply.kind === 'response' && (reply.response.rcode === dnsRcode.FORMERR || reply.response.rcode === dnsRcode.NOTIMP)
  return refused ? exchange.exchange({ name, type, edns: false }, stop) : reply
}
