/** Passwords as they are made here, and what is asked of those that people choose. */
import { randomInt } from 'node:crypto'

// Without letters and digits that look like others: it is read from a screen and typed elsewhere.
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
const GROUPS = 5
const GROUP_LENGTH = 5

/** `k7m2x-…`: five groups of five, 124 bits. */
export const generatePassword = (): string =>
  Array.from({ length: GROUPS }, () => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')).join('-')

const LEAST = 8
/** RFC 1929 §2: what SOCKS5 can carry. */
const MOST_BYTES = 255

/** Why this can't be a password, or `null`. */
export function passwordProblem(password: string): string | null {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(password)) return 'a password may not hold control characters'
  if (Array.from(password).length < LEAST) return `a password must have at least ${LEAST} characters; --generate makes one`
  return Buffer.byteLength(password.normalize('NFC')) > MOST_BYTES
    ? `a password may have at most ${MOST_BYTES} bytes, which is what SOCKS5 can carry`
    : null
}
