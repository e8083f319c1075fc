/** Words that the tests of parsers share: bytes written as hex or text, and the properties that every stream parser has. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Parsed } from '../../src/wire/parsed.ts'

/** Bytes from hex; white space and `|` are for the reader. */
export const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replace(/[\s|]/g, ''), 'hex'))

/** Bytes from text, one a character. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Cuts bytes into pieces at these places, taken modulo the length. */
export function split(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

const { FUZZ_SECONDS: seconds } = process.env
const limit = seconds === undefined ? 2_000 : Number(seconds) * 1_000

/** A property as a test: a few hundred runs within 2 s, or as many as FUZZ_SECONDS holds. */
export function property<Ts extends [unknown, ...unknown[]]>(
  name: string,
  ...args: [...{ [K in keyof Ts]: fc.Arbitrary<Ts[K]> }, (...values: Ts) => void]
): void {
  const run = () =>
    fc.assert(fc.property<Ts>(...args), { interruptAfterTimeLimit: limit, numRuns: seconds === undefined ? 300 : Number.MAX_SAFE_INTEGER })
  test(name, run, limit + 20_000)
}

type AnyParsed = Parsed<unknown>

export const anyBytes = fc.uint8Array({ maxLength: 600 })

/** What is wanted of every parser of a stream, given messages that it must accept. */
export function streamProperties(parse: (bytes: Uint8Array) => AnyParsed, messages: fc.Arbitrary<Uint8Array>): void {
  property('never throws on any bytes', anyBytes, (bytes) => {
    parse(bytes)
  })

  property(
    'never throws on a valid message with some bytes changed',
    messages,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    (message, changes) => {
      const changed = Uint8Array.from(message)
      for (const [at, byte] of changes) changed[at % changed.length] = byte
      const parsed = parse(changed)
      if (parsed.kind === 'value') expect(parsed.consumed).toBeLessThanOrEqual(changed.length)
    },
  )

  property('every strict prefix of a valid message is need-more', messages, (message) => {
    for (let end = 0; end < message.length; end += message.length > 2_000 ? 97 : 1)
      expect(parse(message.subarray(0, end)).kind).toBe('need-more')
  })

  property('bytes behind a message stay unread', messages, anyBytes, (message, rest) => {
    expect(parse(message)).toMatchObject({ kind: 'value', consumed: message.length })
    expect(parse(concat(message, rest))).toEqual(parse(message))
  })
}
