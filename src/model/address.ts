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
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const bytes = new Uint8Array(16)
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >> 8
    bytes[2 * i + 1] = group & 0xff
  }
  return bytes
}

function parseGroups(text: string, mayEndInV4: boolean): number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (mayEndInV4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part)
      if (v4 === null) return null
      groups.push(((v4[0] ?? 0) << 8) | (v4[1] ?? 0), ((v4[2] ?? 0) << 8) | (v4[3] ?? 0))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return null
    }
  }
  return groups
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
