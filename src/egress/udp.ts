/** `udp://ADDR:PORT`: one DNS server in clear, by UDP, and by TCP where an answer is too long for it (RFC 7766). */
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import type { NameServer } from './answer.ts'
import { type LookUpSettings, lookUp } from './cares.ts'

export function createUdp(server: Endpoint<Ip>, settings: LookUpSettings): NameServer {
  const endpoint = formatEndpoint(server)
  return { label: `udp://${endpoint}`, ask: (name, signal) => lookUp(name, [endpoint], signal, settings) }
}
