/**
 * What the first bytes of a client say about the destination: the names that it claims, and no more than claims. It is
 * more tolerant than the doors' parsers, since it reads what some server will read, and that server may be lenient.
 */

import type { NameOrigin } from '../model/flow.ts'
import { type Hostname, isHost, parseHost } from '../model/hostname.ts'
import { parseClientHello } from './client-hello.ts'
import { parseAsciiHostPort } from './http1-target.ts'
import { latin1 } from './text.ts'

export interface ClaimedName {
  readonly name: Hostname
  readonly origin: Exclude<NameOrigin, 'asked'>
}

/** `need-more` only while the bytes may still become a protocol that names its server. */
export type Sniffed =
  | { readonly kind: 'need-more' }
  | { readonly kind: 'known'; readonly protocol: 'tls' | 'http' | 'other'; readonly names: readonly ClaimedName[] }

type Reading =
  | { readonly kind: 'need-more' }
  | { readonly kind: 'not-mine' }
  | { readonly kind: 'mine'; readonly names: readonly ClaimedName[] }

interface Sniffer {
  readonly protocol: 'tls' | 'http'
  read(bytes: Uint8Array): Reading
}

const sniffers: readonly Sniffer[] = [
  { protocol: 'tls', read: readTls },
  { protocol: 'http', read: readHttp },
]

/** Reads the names that the first bytes of a client claim; names are canonical, and address literals are no names. */
export function sniff(bytes: Uint8Array): Sniffed {
  let open = false
  for (const { protocol, read } of sniffers) {
    const reading = read(bytes)
    if (reading.kind === 'mine') return { kind: 'known', protocol, names: reading.names }
    if (reading.kind === 'need-more') open = true
  }
  return open ? { kind: 'need-more' } : { kind: 'known', protocol: 'other', names: [] }
}

const notMine: Reading = { kind: 'not-mine' }

function readTls(bytes: Uint8Array): Reading {
  const hello = parseClientHello(bytes)
  if (hello.kind === 'need-more') return hello
  if (hello.kind === 'malformed') return notMine
  if (hello.value.serverName === null) return { kind: 'mine', names: [] }
  const host = parseHost(hello.value.serverName)
  return { kind: 'mine', names: isHost(host) && host.kind === 'name' ? [{ name: host.name, origin: 'sni' }] : [] }
}

const MAX_HTTP_HEAD = 16_384

// Methods are upper case here: that tells `SSH-2.0-…` at its digit, and nginx takes nothing else. Empty lines before
// the request line are skipped by servers, too.
const requestLine = /^[\r\n]{0,4}[A-Z_-]{1,24} +([^\0- \u007f]+) +HTTP\/[0-9]\.[0-9][ \t]*\r?\n/
const startOfRequestLine =
  /^[\r\n]{0,4}(?:[A-Z_-]{1,24}(?: +(?:[^\0- \u007f]+(?: +(?:H(?:T(?:T(?:P(?:\/(?:[0-9](?:\.(?:[0-9][ \t]*\r?)?)?)?)?)?)?)?)?)?)?)?)?$/

function readHttp(bytes: Uint8Array): Reading {
  const text = latin1(bytes.subarray(0, MAX_HTTP_HEAD))
  const full = bytes.length >= MAX_HTTP_HEAD
  const line = requestLine.exec(text)
  if (line === null) return !full && startOfRequestLine.test(text) ? { kind: 'need-more' } : notMine
  const rest = text.slice(line[0].length)
  const end = /^\r?\n|\r?\n\r?\n/.exec(rest)
  // A head that is too long is read as far as it goes.
  if (end === null && !full) return { kind: 'need-more' }
  return { kind: 'mine', names: httpNames(line[1] ?? '', end === null ? rest : rest.slice(0, end.index)) }
}

/** The host of the target, if it has one, and of every Host field: which of them the server believes is its secret. */
function httpNames(target: string, fields: string): readonly ClaimedName[] {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(target)?.[1] ?? (target.startsWith('/') ? '' : target)
  const hosts = [...fields.matchAll(/^host[ \t]*:([^\r\n]*)/gim)].map((match) => (match[1] ?? '').trim())
  const names = new Set([authority, ...hosts].flatMap(nameOf))
  return [...names].map((name) => ({ name, origin: 'http-host' }))
}

function nameOf(authority: string): readonly Hostname[] {
  const parsed = parseAsciiHostPort(authority, 80)
  return 'host' in parsed && parsed.host.kind === 'name' ? [parsed.host.name] : []
}
