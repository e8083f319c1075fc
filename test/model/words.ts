/** Words that the tests of the model share, and texts as a hostile client would write a host. */
import fc from 'fast-check'
import { type Ip, ipFromBytes, parseIp } from '../../src/model/address.ts'

/** An address from a literal that is known to be one. */
export function ip(text: string): Ip {
  const read = parseIp(text)
  if (read === null) throw new Error(`not an address: ${text}`)
  return read
}

export const v4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 })

const isMapped = (bytes: Uint8Array): boolean =>
  bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)

/** With many zero bytes, so that runs of zero groups of every length occur. */
export const v6Bytes = fc
  .array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 })
  .map((bytes) => Uint8Array.from(bytes))
  .filter((bytes) => !isMapped(bytes))

export const anyIp = fc.oneof(v4Bytes, v6Bytes).map(ipFromBytes)

const words = '0x7f 127 0 1 017 0x 2130706433 999 a zoom us localhost xn-- xn--a xn--bcher-kva - _ *'.split(' ')
const marks = '. . . : :: [ ] % %41 %2e / ? # @ \\ 。 ․ ． ｡ ％ ／ ① ⑦ ⓪ １ ２ ｚ ß ς ü ﬃ 😀 İ'.split(' ')
const unseen = [...'\0\n\t \u00ad\u200b\u200d\u2060\ufeff\u3000\u202e', '\ud800']
const fragment = fc.constantFrom(...words, ...marks, ...unseen)

/** Host texts: any text, texts put together from trouble, and literals with a wrong character somewhere. */
export const anyHostText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fragment, { maxLength: 10 }).map((parts) => parts.join('')),
  fc.tuple(anyIp, fc.nat(40), fragment).map(([address, at, extra]) => address.slice(0, at) + extra + address.slice(at)),
  fc.stringMatching(/^[0-9a-fx]{0,4}(\.[0-9a-fx]{0,12}){0,5}$/),
  anyIp,
)
