/** One line of `resolver.servers` in the settings. A server is always given by its address: to find it by name, another would be needed. */
import { type Endpoint, familyOf, type Ip } from '../model/address.ts'
import { isHost, parseHost, parseHostPort, printable } from '../model/hostname.ts'

const DNS_PORT = 53

/** A configured server, told apart by `kind`: the names of the table in `index.ts`. */
export type ResolverServer = { readonly kind: 'system' } | ({ readonly kind: 'udp' } & Endpoint<Ip>)

/** Reads `system`, `udp://192.0.2.53`, `udp://[2001:db8::53]:5353`. Never throws. */
export function parseResolverServer(text: string): ResolverServer | { readonly problem: string } {
  if (text === 'system') return { kind: 'system' }
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) return { problem: unknown(text) }
  if (scheme !== 'udp')
    return { problem: `"${printable(text)}": ${scheme} is not a kind of resolver; known are system and udp://ADDRESS:PORT` }
  const parsed = parseHostPort(rest, DNS_PORT)
  if ('problem' in parsed) return { problem: `resolver "${printable(text)}": ${parsed.problem}` }
  if (parsed.host.kind === 'name') return { problem: `resolver "${printable(text)}": a server is given by its address, not by a name` }
  const { ip } = parsed.host
  // Without brackets nobody can tell whether ":53" at the end is the port or part of the address.
  if (familyOf(ip) === 6 && !rest.startsWith('['))
    return { problem: `resolver "${printable(text)}": write an IPv6 address in brackets, as in udp://[${ip}]:53` }
  return { kind: 'udp', host: ip, port: parsed.port }
}

function unknown(text: string): string {
  const host = parseHost(text)
  const hint = isHost(host) && host.kind === 'ip' ? `, did you mean "udp://${familyOf(host.ip) === 6 ? `[${host.ip}]` : host.ip}"?` : ''
  return `"${printable(text)}" is not a resolver (system or udp://ADDRESS:PORT)${hint}`
}
