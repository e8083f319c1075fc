/** The request target (RFC 9112 §3.2), its host canonical. What a proxy cannot fetch is told apart from what nobody can. */
import { formatEndpoint } from '../model/address.ts'
import { type Host, hostText, parseHostPort, printable } from '../model/hostname.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'

export type Target =
  /** CONNECT (§3.2.3). */
  | { readonly kind: 'authority'; readonly host: Host; readonly port: number }
  /** What proxies get (§3.2.2); `path` is what goes to the origin server: `/…`, or `*` for an OPTIONS of the whole server. */
  | { readonly kind: 'absolute'; readonly scheme: 'http'; readonly host: Host; readonly port: number; readonly path: string }
  | { readonly kind: 'origin'; readonly path: string }
  | { readonly kind: 'asterisk' }
  /** An absolute URI of another scheme: well-formed, but nothing that this proxy fetches. */
  | { readonly kind: 'unsupported'; readonly text: string }

const HTTP_PORT = 80

// Bytes beyond ASCII are no URI (RFC 3986 §2), but curl sends a path as it is typed, raw UTF-8 included.
const targetText = /^[\u0021-\u007e\u0080-\u00ff]+$/

/** Reads a request target for this method. */
export function parseTarget(method: string, text: string): Target | Http1Malformed {
  if (!targetText.test(text)) return refused(400, 'the request target holds a character that no target has')
  if (text.includes('#')) return refused(400, 'the request target has a fragment')
  if (method === 'CONNECT') return parseAuthority(text)
  if (text.startsWith('/')) return { kind: 'origin', path: text }
  if (text === '*') return method === 'OPTIONS' ? { kind: 'asterisk' } : refused(400, 'only OPTIONS may ask for "*"')
  return parseAbsolute(method, text)
}

/** The target as it is written in a request line. */
export function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'authority':
      return authorityOf(target)
    case 'absolute':
      return `${target.scheme}://${authorityOf(target)}${target.path === '*' ? '' : target.path}`
    case 'origin':
      return target.path
    case 'asterisk':
      return '*'
    case 'unsupported':
      return target.text
    default:
      return target satisfies never
  }
}

function parseAuthority(text: string): Target | Http1Malformed {
  const authority = readAuthority(text, null)
  return 'kind' in authority ? authority : { kind: 'authority', ...authority }
}

function parseAbsolute(method: string, text: string): Target | Http1Malformed {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*)(.*)$/.exec(text)
  if (match === null) return refused(400, `"${printable(text)}" is not a request target`)
  const [, scheme = '', authorityText = '', rest = ''] = match
  // RFC 9110 §4.2.4. Refused for every scheme, before a password gets into a message.
  if (authorityText.includes('@')) return refused(400, 'the request target has user information')
  // ws: does not come here: RFC 6455 §4.1 has clients ask a proxy for a tunnel.
  if (scheme.toLowerCase() !== 'http') return { kind: 'unsupported', text }
  const authority = readAuthority(authorityText, HTTP_PORT)
  if ('kind' in authority) return authority
  return { kind: 'absolute', scheme: 'http', ...authority, path: originPath(method, rest) }
}

/** RFC 9112 §3.2.1 and §3.2.4: an empty path is sent as `/`, or as `*` where OPTIONS asks about the server itself. */
function originPath(method: string, rest: string): string {
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}

function readAuthority(text: string, defaultPort: number | null): { readonly host: Host; readonly port: number } | Http1Malformed {
  if (text.includes('@')) return refused(400, 'the request target has user information')
  const authority = parseAsciiHostPort(text, defaultPort)
  return 'problem' in authority ? refused(400, authority.problem) : authority
}

/** `host[:port]` of a target or a Host field, where text is one character a byte: a raw UTF-8 name would be misread. */
export function parseAsciiHostPort(
  text: string,
  defaultPort: number | null,
): { readonly host: Host; readonly port: number } | { readonly problem: string } {
  if (/[\u0080-\u00ff]/.test(text)) return { problem: 'the host holds bytes that are not ASCII' }
  // RFC 3986 §3.2.2: without brackets nobody can tell the last group of an address from a port.
  if (/^[^[].*:.*:/.test(text) || text.startsWith('::')) return { problem: 'an IPv6 address stands in brackets' }
  // RFC 3986 §3.2.3: an empty port is the default one. CONNECT has none (RFC 9110 §9.3.6).
  return parseHostPort(defaultPort === null ? text : text.replace(/:$/, ''), defaultPort)
}

const authorityOf = ({ host, port }: { readonly host: Host; readonly port: number }): string =>
  formatEndpoint({ host: hostText(host), port })
