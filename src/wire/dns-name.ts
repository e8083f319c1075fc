/**
 * Names as DNS messages carry them (RFC 1035 §3.1, §4.1.4) ↔ text in lower case without the trailing dot. Any byte may
 * stand in a label, so whatever is no letter, digit, `-` or `_` is written `\DDD` (RFC 1035 §5.1): no two names have one
 * text, and a dot inside a label is never taken for one between two. The root is the empty text.
 */

const MAX_OCTETS = 255
const MAX_LABEL = 63
const POINTER = 0xc0
/** Nobody needs more; without a bound a message of 64 KiB could keep its reader busy for seconds. */
const MAX_POINTERS = 64
/** The header of a message: no name begins there. */
const HEADER_BYTES = 12

export interface ReadName {
  readonly name: string
  /** Where reading goes on: behind the name, or behind its first pointer. */
  readonly end: number
  readonly compressed: boolean
}

/**
 * Reads the name at `start`, or `null` where there is none. A pointer must lead to before the run of labels that it
 * ends, so that each one goes back and none can turn in a circle (RFC 9267 §2).
 */
export function readName(message: Uint8Array, start: number): ReadName | null {
  const labels: string[] = []
  let at = start
  let runStart = start
  let end: number | null = null
  let octets = 1
  let pointers = 0
  for (;;) {
    const length = message[at]
    if (length === undefined) return null
    if (length === 0) return { name: labels.join('.'), end: end ?? at + 1, compressed: end !== null }
    if (length >= POINTER) {
      const low = message[at + 1]
      if (low === undefined) return null
      const target = ((length & ~POINTER) << 8) | low
      if (target < HEADER_BYTES || target >= runStart || ++pointers > MAX_POINTERS) return null
      end ??= at + 2
      at = target
      runStart = target
      continue
    }
    // 0x40 and 0x80 are reserved (RFC 6891 §5).
    if (length > MAX_LABEL || at + 1 + length > message.length) return null
    octets += length + 1
    // RFC 9267 §3: a name is measured after expansion, or pointers make a long one out of short ones.
    if (octets > MAX_OCTETS) return null
    labels.push(labelText(message.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
}

/** The octets of a name that `readName` or `parseHost` wrote; `null` where the text is no name of the DNS. */
export function encodeName(text: string): Uint8Array | null {
  const octets: number[] = []
  for (const label of text === '' ? [] : text.split('.')) {
    if (!/^(?:[^\\]|\\\d{3})+$/s.test(label)) return null
    const bytes = [...label.matchAll(/\\(\d{3})|[^\\]/gs)].map(([char, code]) => (code === undefined ? char.charCodeAt(0) : Number(code)))
    if (bytes.length > MAX_LABEL || bytes.some((byte) => byte > 0xff)) return null
    octets.push(bytes.length, ...bytes)
  }
  octets.push(0)
  return octets.length > MAX_OCTETS ? null : Uint8Array.from(octets)
}

/** RFC 4343: only the letters of ASCII have a case. */
function labelText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte >= 0x41 && byte <= 0x5a) text += String.fromCharCode(byte | 0x20)
    else if (isPlain(byte)) text += String.fromCharCode(byte)
    else text += `\\${String(byte).padStart(3, '0')}`
  }
  return text
}

const isPlain = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f
