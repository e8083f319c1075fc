/** Names that never go to a DNS server, whoever runs it (IANA registry of special-use domain names). */
import { type Ip, parseIp } from '../../model/address.ts'
import { type Hostname, isUnder } from '../../model/hostname.ts'
import type { Answer } from './answer.ts'

const loopback = [parseIp('127.0.0.1') as Ip, parseIp('::1') as Ip] as const

/** RFC 6761 §6.3: a server that answered these could send a program's own loopback traffic elsewhere. */
const isLoopback = (name: string): boolean => isUnder(name, 'localhost')
/** RFC 6761 §6.4 and RFC 7686 §2: they do not exist in the DNS, and asking for an onion name tells a stranger of it. */
const isNowhere = (name: string): boolean => isUnder(name, 'invalid') || isUnder(name, 'onion')

/** `name` as `wire/dns-name.ts` writes it. */
export const isSpecial = (name: string): boolean => isLoopback(name) || isNowhere(name)

/** The fixed answer to a special name, or `null` for every other. */
export function specialAnswer(name: Hostname): Answer | null {
  if (isLoopback(name)) return { kind: 'addresses', ips: loopback }
  if (isNowhere(name)) return { kind: 'not-found' }
  return null
}
