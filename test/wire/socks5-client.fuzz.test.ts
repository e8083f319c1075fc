import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { ipFromBytes } from '../../src/model/address.ts'
import { encodeReply, parseGreeting, parseLogin, parseRequest } from '../../src/wire/socks5.ts'
import {
  encodeConnect,
  encodeGreeting,
  encodeLogin,
  parseLoginStatus,
  parseMethodChoice,
  parseReply,
} from '../../src/wire/socks5-client.ts'
import { concat, property, streamProperties } from './support.ts'

const ips = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })).map(ipFromBytes)
const ports = fc.nat(65_535)
const codes = fc.nat(255)
const words = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .map((text) => text.toWellFormed())
  .filter((text) => Buffer.byteLength(text) <= 255)

describe('choice of method', () => {
  streamProperties(
    parseMethodChoice,
    codes.map((method) => Uint8Array.of(5, method)),
  )
})

describe('login status', () => {
  streamProperties(
    parseLoginStatus,
    fc.tuple(fc.constantFrom(1, 5), codes).map(([version, status]) => Uint8Array.of(version, status)),
  )
})

describe('reply', () => {
  const named = fc
    .tuple(codes, words, ports)
    .map(([code, text, port]) =>
      concat(Uint8Array.of(5, code, 0, 3, Buffer.byteLength(text)), new TextEncoder().encode(text), Uint8Array.of(port >> 8, port & 255)),
    )
  streamProperties(
    parseReply,
    fc.oneof(
      named,
      fc.tuple(codes, ips, ports).map(([code, host, port]) => encodeReply(code, { host, port })),
    ),
  )

  property('is read as a door writes it', fc.tuple(codes, ips, ports), ([code, host, port]) => {
    expect(parseReply(encodeReply(code, { host, port }))).toMatchObject({ value: { code, bound: { host, port } } })
  })
})

describe('what a door reads', () => {
  property('is the request that was written', fc.record({ host: ips, port: ports }), (to) => {
    expect(parseRequest(encodeConnect(to))).toMatchObject({ value: { command: 1, host: { kind: 'ip', ip: to.host }, port: to.port } })
  })

  property(
    'is the greeting and the login',
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 255 }), words, words),
    ([methods, name, password]) => {
      expect(parseGreeting(encodeGreeting([...methods]))).toMatchObject({ value: { methods: [...methods] } })
      expect(parseLogin(encodeLogin(name, password))).toMatchObject({ value: { name, password } })
    },
  )
})
