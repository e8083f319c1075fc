import fc from 'fast-check'
import { expect } from 'vitest'
import { ipFromBytes } from '../../src/model/address.ts'
import { parseProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { ascii, concat, hex, property, streamProperties } from './support.ts'

const port = fc.nat(65_535)
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const ends = fc
  .constantFrom(4, 16)
  .chain((length) => fc.record({ source: bytesOf(length), destination: bytesOf(length), sourcePort: port, destinationPort: port }))
type Ends = typeof ends extends fc.Arbitrary<infer T> ? T : never

const word = (number: number) => Uint8Array.of(number >> 8, number & 255)

const asBinary = ({ source, destination, sourcePort, destinationPort }: Ends, values: readonly Uint8Array[]): Uint8Array => {
  const rest = concat(source, destination, word(sourcePort), word(destinationPort), ...values)
  return concat(hex('0d0a0d0a000d0a515549540a 21'), Uint8Array.of(source.length === 4 ? 0x11 : 0x21), word(rest.length), rest)
}

/** Every group written out, so that a mapped address keeps its colons. */
const groups = (address: Uint8Array): string =>
  Buffer.from(address)
    .toString('hex')
    .replace(/.{4}(?!$)/g, '$&:')

const asText = ({ source, destination, sourcePort, destinationPort }: Ends): Uint8Array => {
  const text = (address: Uint8Array) => (address.length === 4 ? address.join('.') : groups(address))
  return ascii(`PROXY TCP${source.length === 4 ? 4 : 6} ${text(source)} ${text(destination)} ${sourcePort} ${destinationPort}\r\n`)
}

const values = fc.array(
  fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 })).map(([type, bytes]) =>
    // 3 is the sum.
    concat(Uint8Array.of(type === 3 ? 4 : type), word(bytes.length), bytes),
  ),
  { maxLength: 4 },
)
const headers = fc.oneof(
  ends.map(asText),
  fc.tuple(ends, values).map(([each, extra]) => asBinary(each, extra)),
)

streamProperties(parseProxyHeader, headers)

property('both versions tell the client that was written', ends, values, (each, extra) => {
  const client = { host: ipFromBytes(each.source), port: each.sourcePort }
  expect(parseProxyHeader(asText(each))).toMatchObject({ value: { kind: 'proxied', client } })
  expect(parseProxyHeader(asBinary(each, extra))).toMatchObject({ value: { kind: 'proxied', client } })
})
