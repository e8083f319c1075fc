/**
 * IP addresses as canonical text. `Ip` is made here and nowhere else: IPv4 as four decimals, IPv6 as RFC 5952 writes
 * it, IPv4-mapped IPv6 folded into IPv4, so that equality is `===` and one address has one name in every record.
 * It refuses what is not a plain literal (`0x7f.1`, zone ids): odd forms of host text are `hostname.ts`' business.
 */
import type { Brand } from './brand.ts'

/** Canonical text of an IPv4 or IPv6 address. */
export type Ip = Brand<string, 'Ip'>

export type Family = 4 | 6

export interface Endpoint<Host> {
  readonly host: Host
  readonly port: number
}

export const familyOf = (ip: Ip): Family => (ip.includes(':') ? 6 : 4)

/** Reads a textual address strictly; `null` where the text is not one. Never throws. */
export function parseIp(text: string): Ip | null {
  const bytes = text.includes(':') ? parseV6(text) : parseV4(text)
  return bytes === null ? null : ipFromBytes(bytes)
}

/** Makes an address from 4 or 16 bytes in network order; an IPv4-mapped one (::ffff:0:0/96) becomes IPv4. */
export function ipFromBytes(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return formatV4(bytes) as Ip
  if (bytes.length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${bytes.length}`)
  return (isMapped(bytes) ? formatV4(bytes.subarray(12)) : formatV6(bytes)) as Ip
}

/** The 4 or 16 bytes of an address, in network order. */
export function ipToBytes(ip: Ip): Uint8Array {
  const bytes = familyOf(ip) === 6 ? parseV6(ip) : parseV4(ip)
  if (bytes === null) throw new Error(`not a canonical address: ${ip}`)
  return bytes
}

/** `host:port` as people and URLs write it, with IPv6 in brackets. */
export function formatEndpoint(endpoint: Endpoint<string>): string {
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}

/** A port as text: 1 to 65535 in decimal digits, else `null`. Apache and tinyproxy wrap 65536+P to P; we refuse. */
export function parsePort(text: string): number | null {
  if (!/^[0-9]{1,5}$/.test(text)) return null
  const port = Number(text)
  return port >= 1 && port <= 65_535 ? port : null
}

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30

function parseV4(text: string): Uint8Array | null {
  const bytes = new Uint8Array(4)
  let part = 0
  let digits = 0
  let value = 0
  // By character codes: splitting and matching costs four times as much, and every address of every flow passes here.
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || part > 3) return null
      bytes[part++] = value
      digits = 0
      value = 0
      continue
    }
    const digit = code - ZERO
    // A leading zero means octal to some readers (inet_aton) and decimal to others: refused.
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return null
    value = value * 10 + digit
    digits++
    if (value > 255) return null
  }
  return part === 4 ? bytes : null
}

/** RFC 4291 §2.2, all three forms; no zone id (RFC 6874), no brackets. */
function parseV6(text: string): Uint8Array | null {
  const bytes = new Uint8Array(16)
  let at = 0
  let gap = -1
  let i = 0
  if (text.startsWith('::')) {
    gap = 0
    i = 2
  }
  // One group a turn, with the colons behind it.
  while (i < text.length) {
    if (at === 16) return null
    const start = i
    let group = 0
    for (let digit = hexAt(text, i); digit >= 0; digit = hexAt(text, ++i)) group = (group << 4) | digit
    if (text.charCodeAt(i) === DOT) {
      const v4 = parseV4(text.slice(start))
      if (v4 === null || at > 12) return null
      bytes.set(v4, at)
      at += 4
      break
    }
    if (i === start || i > start + 4) return null
    bytes[at++] = group >> 8
    bytes[at++] = group
    if (i === text.length) break
    if (text.charCodeAt(i++) !== COLON) return null
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return null
      gap = at
      i++
    } else if (i === text.length) return null
  }
  if (gap < 0) return at === 16 ? bytes : null
  // `::` stands for one group of zeros at least.
  if (at > 14) return null
  bytes.copyWithin(16 - (at - gap), gap, at)
  return bytes.fill(0, gap, 16 - (at - gap))
}

/** -1 for what is no hexadecimal digit, or behind the end. */
function hexAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= ZERO && code <= 0x39) return code - ZERO
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

const isMapped = (b: Uint8Array): boolean => b[10] === 0xff && b[11] === 0xff && b.subarray(0, 10).every((x) => x === 0)

const formatV4 = (b: Uint8Array): string => `${b[0]}.${b[1]}.${b[2]}.${b[3]}`

/** RFC 5952 §4: lower case, no leading zeros, the longest run of zero groups (two or more, the first of equals) as `::`. */
function formatV6(bytes: Uint8Array): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0))
  let start = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let run = 0
    while (i + run < 8 && groups[i + run] === 0) run++
    if (run > length) {
      start = i
      length = run
    }
    if (run > 0) i += run - 1
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':')
  return start < 0 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`
}
