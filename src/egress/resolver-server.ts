/** One line of `resolver.servers` in the settings. A server is always given by its address: to find it by name, another would be needed. */
import { type Endpoint, familyOf, type Ip } from '../model/address.ts'
import { type Hostname, isHost, parseHost, parseHostPort, printable } from '../model/hostname.ts'

/** One whose certificate is checked. */
export interface NamedServer extends Endpoint<Ip> {
  /** Whom the certificate must name; `null`: the address. */
  readonly name: Hostname | null
}

export interface HttpsServer extends NamedServer {
  /** From the first slash on. */
  readonly path: string
}

/** A configured server, told apart by `kind`: the names of the table in `resolver/index.ts`. */
export type ResolverServer =
  | { readonly kind: 'system' }
  | ({ readonly kind: 'udp' | 'tcp' } & Endpoint<Ip>)
  | ({ readonly kind: 'tls' } & NamedServer)
  | ({ readonly kind: 'https' } & HttpsServer)

type Remote = Exclude<ResolverServer, { kind: 'system' }>

/** RFC 1035 §4.2, RFC 7858 §3.1, RFC 8484. */
const ports = { udp: 53, tcp: 53, tls: 853, https: 443 } as const satisfies Record<Remote['kind'], number>
/** The forms, as messages name them. */
const FORMS = 'system, udp://ADDRESS:PORT, tcp://ADDRESS:PORT, tls://ADDRESS:PORT#NAME or https://ADDRESS:PORT/PATH#NAME'

type Problem = { readonly problem: string }

/**
 * Reads `system`, `udp://192.0.2.53`, `tcp://[2001:db8::53]:5353`, `tls://192.0.2.53#dns.example`,
 * `https://192.0.2.53/dns-query#dns.example`. Never throws.
 */
export function parseResolverServer(text: string): ResolverServer | Problem {
  if (text === 'system') return { kind: 'system' }
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) return { problem: unknown(text) }
  if (!isKind(scheme)) return { problem: `"${printable(text)}": ${scheme} is not a kind of resolver; write ${FORMS}` }
  const problem = (what: string): Problem => ({ problem: `resolver "${printable(text)}": ${what}` })
  const [, authority = '', path = '', named] = /^([^/#]*)(\/[^#]*)?(?:#(.*))?$/s.exec(rest) ?? []

  const parsed = parseHostPort(authority, ports[scheme])
  if ('problem' in parsed) return problem(parsed.problem)
  const { host, port } = parsed
  if (host.kind === 'name') {
    const hint = scheme === 'tls' || scheme === 'https' ? `, as in ${scheme}://ADDRESS${path}#${host.name}` : ''
    return problem(`a server is given by its address, not by a name${hint}`)
  }
  // Without brackets nobody can tell whether ":53" at the end is the port or part of the address.
  if (familyOf(host.ip) === 6 && !authority.startsWith('['))
    return problem(`write an IPv6 address in brackets, as in ${scheme}://[${host.ip}]:${ports[scheme]}`)
  const endpoint = { host: host.ip, port }
  if (scheme === 'udp' || scheme === 'tcp') {
    if (named !== undefined) return problem(`only tls and https have a certificate that "#" could name`)
    return path === '' ? { kind: scheme, ...endpoint } : problem(`only https has a path`)
  }
  const name = named === undefined ? null : certificateName(named)
  if (name !== null && typeof name !== 'string') return problem(name.problem)
  if (scheme === 'tls') return path === '' ? { kind: scheme, ...endpoint, name } : problem(`only https has a path`)
  if (path === '') return problem(`the path is missing, as in https://${authority}/dns-query`)
  // RFC 3986 §3.3, §3.4: what else is in it would have to be escaped, and a GET template would have no use for it.
  if (!/^[\w.~!$&'()*+,;=:@%/?-]+$/.test(path)) return problem(`"${printable(path)}" is not a path`)
  return { kind: scheme, ...endpoint, name, path }
}

const isKind = (scheme: string): scheme is Remote['kind'] => Object.hasOwn(ports, scheme)

function certificateName(text: string): Hostname | Problem {
  const host = parseHost(text)
  if (!isHost(host)) return host
  return host.kind === 'name' ? host.name : { problem: `"#${host.ip}" is not needed: without "#" the certificate must name the address` }
}

function unknown(text: string): string {
  const host = parseHost(text)
  const hint = isHost(host) && host.kind === 'ip' ? `, did you mean "udp://${familyOf(host.ip) === 6 ? `[${host.ip}]` : host.ip}"?` : ''
  return `"${printable(text)}" is not a resolver (${FORMS})${hint}`
}
