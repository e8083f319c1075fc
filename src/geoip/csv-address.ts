/**
 * Addresses in location files, read from bytes into 32-bit words without making a string: a file holds a million of
 * them. What is an address is what `model/address.ts` says, and decimal numbers besides, as databases export them.
 */
import { ipToBytes, parseIp } from '../model/address.ts'

/** How an address was written: dotted, with colons, or as a decimal number, below 2^32 or above. */
export type Notation = 'v4' | 'v6' | 'v4-decimal' | 'v6-decimal'

const DOT = 0x2e
const COLON = 0x3a
const ZERO = 0x30

/** Reads `bytes[from, to)` into `words` from `at`: one word for IPv4, four for IPv6. `null` where it is no address; never throws. */
export function readAddress(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): Notation | null {
  let sum = 0
  let part = 0
  let digits = 0
  let dots = 0
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0
    const digit = byte - ZERO
    if (digit >= 0 && digit <= 9) {
      // A leading zero means octal to some readers: refused, as in model/address.ts.
      if (part === 0 && digits > 0) return readGroups(bytes, from, to, words, at)
      part = part * 10 + digit
      digits++
    } else if (byte === DOT && digits > 0 && part <= 255 && dots < 3) {
      sum = sum * 256 + part
      part = 0
      digits = 0
      dots++
    } else return readGroups(bytes, from, to, words, at)
  }
  if (digits === 0) return null
  if (dots === 3 && part <= 255) {
    words[at] = sum * 256 + part
    return 'v4'
  }
  if (dots > 0) return null
  if (part >= 2 ** 32) return digits <= 39 && readDecimal(bytes, from, to, words, at) ? 'v6-decimal' : null
  words[at] = part
  return 'v4-decimal'
}

/** A number up to 2^128 - 1, six digits at a time: a word times 10^6 is below 2^53. */
function readDecimal(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): boolean {
  words.fill(0, at, at + 4)
  for (let i = from; i < to; ) {
    let carry = 0
    let scale = 1
    for (const end = Math.min(i + 6, to); i < end; i++) {
      carry = carry * 10 + (bytes[i] ?? 0) - ZERO
      scale *= 10
    }
    for (let lane = at + 3; lane >= at; lane--) {
      const product = (words[lane] ?? 0) * scale + carry
      words[lane] = product
      carry = Math.floor(product / 2 ** 32)
    }
    if (carry > 0) return false
  }
  return true
}

const hexDigits = Int8Array.from({ length: 256 }, (_, byte) => '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()))
const groups = new Uint16Array(8)

/** RFC 4291 §2.2. */
function readGroups(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): Notation | null {
  let count = 0
  let group = 0
  let digits = 0
  /** How many groups stand before the `::`. */
  let gap = -1
  let i = from
  if (bytes[i] === COLON) {
    if (to - i < 2 || bytes[i + 1] !== COLON) return null
    gap = 0
    i += 2
  }
  for (; i < to; i++) {
    const byte = bytes[i] ?? 0
    const digit = hexDigits[byte] ?? -1
    if (digit >= 0) {
      if (digits === 4 || count === 8) return null
      group = group * 16 + digit
      digits++
    } else if (byte === DOT) return readText(bytes, from, to, words, at)
    else if (byte !== COLON) return null
    else if (digits > 0) {
      groups[count++] = group
      group = 0
      digits = 0
    } else {
      if (gap >= 0) return null
      gap = count
    }
  }
  if (digits > 0) groups[count++] = group
  else if (gap !== count) return null
  if (gap < 0 ? count !== 8 : count > 7) return null
  for (let lane = 0; lane < 4; lane++) words[at + lane] = groupAt(2 * lane, count, gap) * 0x1_0000 + groupAt(2 * lane + 1, count, gap)
  return 'v6'
}

/** Group `i` of the eight, of which `count` are written and the first `gap` stand before the `::`. */
function groupAt(i: number, count: number, gap: number): number {
  if (gap < 0 || i < gap) return groups[i] ?? 0
  const fromEnd = i - 8 + count
  return fromEnd < gap ? 0 : (groups[fromEnd] ?? 0)
}

/** The rare form that ends in an IPv4 address. */
function readText(bytes: Uint8Array, from: number, to: number, words: Uint32Array, at: number): Notation | null {
  if (to - from > MAX_TEXT) return null
  const text = String.fromCharCode(...bytes.subarray(from, to))
  const ip = text.includes(':') ? parseIp(text) : null
  if (ip === null) return null
  const read = Buffer.from(ipToBytes(ip))
  // An IPv4-mapped address comes back as IPv4; here it stays what was written.
  const whole = read.length === 16 ? read : Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), read])
  for (let lane = 0; lane < 4; lane++) words[at + lane] = whole.readUInt32BE(4 * lane)
  return 'v6'
}

/** Of the longest address: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`. */
const MAX_TEXT = 45
