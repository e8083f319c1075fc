import fc from 'fast-check'
import { expect } from 'vitest'
import { ipFromBytes } from '../../src/model/address.ts'
import { encodeDatagram, parseDatagram } from '../../src/wire/socks5-datagram.ts'
import { anyBytes, concat, property } from './support.ts'

const ips = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })).map(ipFromBytes)
const endpoints = fc.record({ host: ips, port: fc.nat(65_535) })
const names = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .map((text) => text.toWellFormed())
  .filter((text) => Buffer.byteLength(text) <= 255)

const toName = (name: string, port: number): Uint8Array =>
  concat(Uint8Array.of(0, 0, 0, 3, Buffer.byteLength(name)), new TextEncoder().encode(name), Uint8Array.of(port >> 8, port & 255))

property('never throws on any bytes', anyBytes, (bytes) => {
  parseDatagram(bytes)
})

property('never throws on what looks like a header', anyBytes, fc.nat(255), (bytes, type) => {
  parseDatagram(concat(Uint8Array.of(0, 0, 0, type), bytes))
})

property('is read as it was written', endpoints, anyBytes, (from, payload) => {
  expect(parseDatagram(encodeDatagram(from, payload))).toEqual({
    kind: 'datagram',
    host: { kind: 'ip', ip: from.host },
    port: from.port,
    payload,
  })
})

property('a name is read as it was written', names, fc.nat(65_535), anyBytes, (name, port, payload) => {
  expect(parseDatagram(concat(toName(name, port), payload))).toEqual({
    kind: 'datagram',
    host: { kind: 'text', text: name },
    port,
    payload,
  })
})

property('one whose header is cut is malformed', fc.oneof(endpoints, names), fc.nat(), (to, cut) => {
  const header = typeof to === 'string' ? toName(to, 53) : encodeDatagram(to, new Uint8Array(0))
  expect(parseDatagram(header.subarray(0, cut % header.length)).kind).toBe('malformed')
})

property('one with a fragment number is never anything but a fragment', endpoints, fc.integer({ min: 1, max: 255 }), (to, fragment) => {
  const bytes = encodeDatagram(to, new Uint8Array(0))
  bytes[2] = fragment
  expect(parseDatagram(bytes)).toEqual({ kind: 'fragment' })
})
