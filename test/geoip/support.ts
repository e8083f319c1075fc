/** Words that the tests of this room share. */
import type { SourceSpec } from '../../src/geoip/spec.ts'
import { type Ip, parseIp } from '../../src/model/address.ts'

/** An address from text that is one. */
export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === null) throw new Error(`not an address: ${text}`)
  return parsed
}

/** A repeatable stream of 32-bit numbers (Mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return (x ^ (x >>> 14)) >>> 0
  }
}

/** A voter in MaxMind DB format, unless told otherwise. */
export const specOf = (change: Partial<SourceSpec> = {}): SourceSpec => ({
  name: 'a',
  role: 'voter',
  format: 'mmdb',
  files: [],
  expected: [],
  publisher: null,
  places: {},
  date: null,
  licence: null,
  attribution: null,
  vendor: null,
  ...change,
})

/** No company is known. */
export const noCompanies = { ofAsn: () => null, sha256: '0'.repeat(64) }
