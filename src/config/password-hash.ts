/**
 * Passwords as the users' file keeps them: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, the PHC string format
 * (https://github.com/P-H-C/phc-string-format), with `ln` = log2 N of RFC 7914. What is read is bounded, so that no file
 * makes a login cost seconds or gigabytes, nor one so cheap that a stolen file is soon an open one.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

export interface PasswordHash {
  /** RFC 7914: N = 2^ln, the block size r and the parallelisation p. */
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** 32 MiB, three times over, for each guess: the least that OWASP's Password Storage Cheat Sheet names for this memory. */
export const OURS = { ln: 15, r: 8, p: 3 } as const
const SALT_BYTES = 16
const HASH_BYTES = 32

/** What a guess must fill at least, and a login may at most, in bytes. */
const LEAST_MEMORY = 16 * 1024 * 1024
const MOST_MEMORY = 128 * 1024 * 1024
/** In blocks mixed (N·r·p). */
const MOST_WORK = 8 * 2 ** OURS.ln * OURS.r

const memoryOf = ({ ln, r }: Pick<PasswordHash, 'ln' | 'r'>): number => 128 * 2 ** ln * r

export const formatPasswordHash = ({ ln, r, p, salt, hash }: PasswordHash): string =>
  `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replaceAll('=', '')

const form = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** The problem never quotes what was read: it may be a password in clear. */
export function parsePasswordHash(text: string): PasswordHash | { readonly problem: string } {
  const [, ln = '', r = '', p = '', saltText = '', hashText = ''] = form.exec(text) ?? []
  const salt = bytesOf(saltText)
  const hash = bytesOf(hashText)
  if (salt === null || hash === null)
    return { problem: 'is not a hash such as $scrypt$ln=15,r=8,p=1$…$… ("ringfence users add" writes it; a password in clear is not read)' }
  const read = { ln: Number(ln), r: Number(r), p: Number(p), salt, hash }
  if (salt.length < SALT_BYTES || salt.length > 64) return { problem: 'has a salt that is not of 16 to 64 bytes' }
  if (hash.length < HASH_BYTES || hash.length > 64) return { problem: 'has a hash that is not of 32 to 64 bytes' }
  if (memoryOf(read) < LEAST_MEMORY) return { problem: 'is too cheap to guess: scrypt must fill at least 16 MiB (ln=14,r=8)' }
  if (memoryOf(read) > MOST_MEMORY) return { problem: 'is too dear: scrypt may fill at most 128 MiB (ln=17,r=8)' }
  if (2 ** read.ln * read.r * read.p > MOST_WORK)
    return { problem: 'is too dear: a login may take at most eight times as long as with ln=15,r=8,p=1' }
  return read
}

/** Only the one text that these bytes have: base64 leaves room for others. */
function bytesOf(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return text !== '' && unpadded(bytes) === text ? bytes : null
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES)
  return { ...OURS, salt, hash: await derive(password, { ...OURS, salt }, HASH_BYTES) }
}

/** Whether this is the password; takes as long whatever the answer. Runs in the thread pool. */
export async function isPassword(password: string, against: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, against, against.hash.length), against.hash)
}

/** RFC 8265 §4.2: a password is compared in Unicode's form C, since keyboards differ in how they write the same letter. */
const derive = (password: string, { ln, r, p, salt }: Omit<PasswordHash, 'hash'>, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // Node counts a little more than the 128·N·r of RFC 7914.
    const options = { N: 2 ** ln, r, p, maxmem: 2 * MOST_MEMORY }
    scrypt(password.normalize('NFC'), salt, length, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
