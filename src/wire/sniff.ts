/**
 * What the first message of a client says about the destination: the names that it claims, and no more than claims. It
 * is more tolerant than the doors' parsers, since it reads what some server will read, and that server may be lenient.
 * Where one may see a name that is not among those found, `hidden` says so; OpenSSL and llhttp are the referees of that
 * (test/integration/sniff-referees.test.ts). Two protocols name their destination here, TLS and HTTP/1: what a client
 * says after another preamble (STARTTLS, PROXY, a second proxy), in a later request of the same connection, or in an
 * encrypted hello inside its hello, is not seen and not called hidden.
 */

import type { NameOrigin } from '../model/flow.ts'
import { type Host, type Hostname, type HostProblem, isHost, parseHost } from '../model/hostname.ts'
import { ClientHelloReader } from './client-hello.ts'
import { LooseHeadReader } from './loose-head.ts'

export interface ClaimedName {
  readonly name: Hostname
  readonly origin: Exclude<NameOrigin, 'asked'>
}

/** Most names that are told of one connection: each may cost look-ups, and an honest client claims one. */
export const MAX_CLAIMS = 4

/** `need-more` only while the bytes may still become a protocol that names its server, and never from 64 KiB on. */
export type Sniffed =
  | { readonly kind: 'need-more' }
  | {
      readonly kind: 'known'
      readonly protocol: 'tls' | 'http' | 'other'
      readonly names: readonly ClaimedName[]
      /** It looks like TLS or HTTP, but the server may see another name: what names it is garbled, too long or too much. */
      readonly hidden: boolean
    }

/** Reads one connection, each byte once. */
export interface Sniffer {
  /** Takes the bytes that came since the last push; what is known stays known, whatever follows. */
  push(bytes: Uint8Array): Sniffed
}

/** Reads the names that the first bytes of a client claim; names are canonical, and address literals are no names. */
export const sniff = (bytes: Uint8Array): Sniffed => createSniffer().push(bytes)

/** For bytes that come in pieces. */
export function createSniffer(): Sniffer {
  let read: Read | null = null
  let sniffed: Sniffed = needMore
  return {
    push(bytes) {
      const [first] = bytes
      if (sniffed.kind === 'known' || first === undefined) return sniffed
      // No byte begins both: a record type is a control character that no method and no white space before it has.
      read ??= first >= 0x14 && first <= 0x16 ? tls() : http()
      sniffed = read(bytes)
      return sniffed
    },
  }
}

type Read = (bytes: Uint8Array) => Sniffed

const needMore: Sniffed = { kind: 'need-more' }
const other: Sniffed = { kind: 'known', protocol: 'other', names: [], hidden: false }

function tls(): Read {
  const reader = new ClientHelloReader()
  return (bytes) => {
    const hello = reader.push(bytes)
    if (hello.kind === 'need-more') return needMore
    if (hello.kind === 'malformed') return reader.isTls ? claims('tls', [], true) : other
    return claims('tls', hello.value.serverNames.map(hostOf), hello.value.garbled)
  }
}

function http(): Read {
  const reader = new LooseHeadReader()
  return (bytes) => {
    const head = reader.push(bytes)
    if (head.kind === 'need-more') return needMore
    if (head.kind === 'not-http') return other
    return claims('http', head.authorities.map(hostOfAuthority), head.garbled)
  }
}

function claims(protocol: 'tls' | 'http', hosts: readonly (Host | HostProblem)[], garbled: boolean): Sniffed {
  const names = [...new Set(hosts.flatMap((host) => (isHost(host) && host.kind === 'name' ? [host.name] : [])))]
  return {
    kind: 'known',
    protocol,
    names: names.slice(0, MAX_CLAIMS).map((name) => ({ name, origin: protocol === 'tls' ? 'sni' : 'http-host' })),
    // Of text that is no host nobody knows what a server makes of it.
    hidden: garbled || names.length > MAX_CLAIMS || !hosts.every(isHost),
  }
}

/** Names are ASCII in TLS (RFC 6066 §3) and HTTP; one in raw UTF-8 would be misread here, a character for each byte. */
const hostOf = (text: string): Host | HostProblem =>
  /[\u0080-\u00ff]/.test(text) ? { problem: 'the host holds bytes that are not ASCII' } : parseHost(text)

/** Whether the port is one does not matter: servers look at the host. */
const hostOfAuthority = (text: string): Host | HostProblem => hostOf(/^(\[[^\]]*\]|[^:]*):[\w.-]*$/.exec(text)?.[1] ?? text)
