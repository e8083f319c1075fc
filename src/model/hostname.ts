/**
 * Host text as clients write it → a canonical name or address. It decides by the rules of the WHATWG URL standard,
 * as browsers do, what is an address in disguise (`0x7f.1`, `2130706433`, full-width digits), so that nothing but a
 * plain name ever reaches a resolver: Node's `dns.lookup` turns all of these into addresses, and cuts at a NUL.
 */
import { type Ip, parseIp, parsePort } from './address.ts'
import type { Brand } from './brand.ts'

/** A DNS name: lower case, IDNA A-labels, no trailing dot, 1–253 characters. */
export type Hostname = Brand<string, 'Hostname'>

export type Host = { readonly kind: 'name'; readonly name: Hostname } | { readonly kind: 'ip'; readonly ip: Ip }

export type HostProblem = { readonly problem: string }

const MAX_NAME = 253 // RFC 1035 §3.1 less the root label, as text
const MAX_LABEL = 63

// The URL parser would percent-decode or cut at these, so they are refused before it sees the text. C0 and C1
// controls, space, DEL, soft hyphen (which IDNA drops), and the delimiters of a URL.
const forbidden = /[\u0000-\u0020\u007f-\u00a0\u00ad%/?#@:\\[\]<>^|"`{}*]/

/** Canonicalises a host: an address literal (IPv6 with or without brackets) or a name. Never throws. */
export function parseHost(text: string): Host | HostProblem {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (bare.includes(':')) {
    const ip = parseIp(bare)
    return ip === null ? { problem: `"${printable(text)}" is not an IPv6 address` } : { kind: 'ip', ip }
  }
  if (bare !== text) return { problem: `"${printable(text)}": only IPv6 addresses stand in brackets` }
  if (text === '') return { problem: 'the host is empty' }
  const literal = parseIp(text)
  if (literal !== null) return { kind: 'ip', ip: literal }
  if (text.length > 4 * MAX_NAME) return { problem: 'the host name is too long' }
  if (forbidden.test(text)) return { problem: `"${printable(text)}" holds a character that no host name has` }
  return classify(text)
}

export const isHost = (parsed: Host | HostProblem): parsed is Host => 'kind' in parsed

export const hostText = (host: Host): string => (host.kind === 'name' ? host.name : host.ip)

/** `host`, `host:port`, `[v6]`, `[v6]:port` or bare IPv6; the port is `defaultPort` unless given. */
export function parseHostPort(text: string, defaultPort: number | null): { readonly host: Host; readonly port: number } | HostProblem {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(text)
  const [hostPart, portPart] = match ? [match[1] ?? '', match[2]] : [text, undefined]
  const host = parseHost(hostPart)
  if (!isHost(host)) return host
  const port = portPart === undefined ? defaultPort : parsePort(portPart)
  if (port === null)
    return { problem: portPart === undefined ? `"${printable(text)}" has no port` : `"${printable(portPart)}" is not a port (1–65535)` }
  return { host, port }
}

/** Whether `name` is `domain` or lies below it. */
export const isUnder = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

/** Text from outside, made safe to show in one line: control characters escaped, cut at 80 characters. */
export function printable(text: string): string {
  const safe = text
    .toWellFormed()
    .replace(
      /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  return safe.length > 80 ? `${safe.slice(0, 79)}…` : safe
}

/** Names that the URL standard leaves as they are: lower case, no A-label to be checked, and no number at the end. */
const plain = /^(?!.*xn--)(?:[a-z0-9_.-]*\.)?[a-z][a-z0-9_-]*$/

function classify(text: string): Host | HostProblem {
  let canonical: string
  try {
    // The URL class is a global of every JavaScript platform that we run on, so the model still imports nothing.
    canonical = plain.test(text) ? text : new URL(`http://${text}/`).hostname
  } catch (cause) {
    return { problem: `"${printable(text)}" is not a host name${cause instanceof RangeError ? ' (too long)' : ''}` }
  }
  const name = canonical.endsWith('.') ? canonical.slice(0, -1) : canonical
  const ip = parseIp(name)
  if (ip !== null) return { kind: 'ip', ip }
  if (name.length > MAX_NAME) return { problem: 'the host name is longer than 253 characters' }
  const labels = name.split('.')
  if (labels.some((label) => label === '')) return { problem: `"${printable(text)}" has an empty label` }
  if (labels.some((label) => label.length > MAX_LABEL)) return { problem: `"${printable(text)}" has a label of more than 63 characters` }
  if (!/^[a-z0-9_.-]+$/.test(name)) return { problem: `"${printable(text)}" holds a character that no host name has` }
  return { kind: 'name', name: name as Hostname }
}
