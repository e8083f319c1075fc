import fc from 'fast-check'
import { expect } from 'vitest'
import { ClientHelloReader, parseClientHello } from '../../src/wire/client-hello.ts'
import { alpn, extension, message, records, serverName } from './hello.ts'
import { property, split, streamProperties } from './support.ts'

const names = fc.stringMatching(/^[a-z0-9.-]{1,40}$/)
const hellos = fc.record({
  serverNames: fc.array(names, { maxLength: 2 }),
  alpn: fc.uniqueArray(fc.stringMatching(/^[ -~]{1,10}$/), { maxLength: 4 }),
  ech: fc.boolean(),
})
type Hello = typeof hellos extends fc.Arbitrary<infer T> ? T : never

const encode = (hello: Hello, padding: number, recordLength: number): Uint8Array =>
  records(
    message([
      ...(padding === 0 ? [] : [extension(21, new Uint8Array(padding))]),
      ...(hello.ech ? [extension(0xfe0d, new Uint8Array(8))] : []),
      ...(hello.alpn.length === 0 ? [] : [alpn(...hello.alpn)]),
      ...hello.serverNames.map((name) => serverName(name)),
    ]),
    recordLength,
  )

const paddings = fc.oneof(fc.nat(300), fc.nat(20_000))
const recordLengths = fc.oneof(fc.integer({ min: 50, max: 400 }), fc.integer({ min: 5_000, max: 16_384 }))
const messages = fc.tuple(hellos, paddings, recordLengths).map((all) => encode(...all))

streamProperties(parseClientHello, messages)

property(
  'is read as it was written, however it is cut into records',
  hellos,
  fc.nat(300),
  fc.integer({ min: 1, max: 600 }),
  (hello, padding, recordLength) => {
    expect(parseClientHello(encode(hello, padding, recordLength))).toMatchObject({ kind: 'value', value: { ...hello, garbled: false } })
  },
)

property(
  'is the same for a reader that gets it in pieces',
  fc.oneof(
    messages,
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Uint8Array.of(0x16, 3, 1, 0, 90, 1, 0, 0, 86, ...bytes)),
  ),
  fc.array(fc.nat(), { maxLength: 8 }),
  (bytes, cuts) => {
    const reader = new ClientHelloReader()
    let parsed = reader.push(new Uint8Array())
    for (const piece of split(bytes, cuts)) if (parsed.kind === 'need-more') parsed = reader.push(piece)
    expect(parsed).toEqual(parseClientHello(bytes))
  },
)
