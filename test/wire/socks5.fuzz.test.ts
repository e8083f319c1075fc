import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { type Ip, ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import { encodeReply, parseGreeting, parseLogin, parseRequest, type SocksHost } from '../../src/wire/socks5.ts'
import { concat, property, streamProperties } from './support.ts'

const ips = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })).map(ipFromBytes)
const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).map((text) => text.toWellFormed())
const hosts: fc.Arbitrary<SocksHost> = fc.oneof(
  ips.map((ip) => ({ kind: 'ip', ip }) as const),
  names.map((text) => ({ kind: 'text', text }) as const),
)
const requests = fc.record({ command: fc.integer({ min: 1, max: 3 }), host: hosts, port: fc.nat(65_535) })

function encodeAddress(host: SocksHost): Uint8Array {
  if (host.kind === 'ip') return addressOf(host.ip)
  const name = new TextEncoder().encode(host.text)
  return concat(Uint8Array.of(3, name.length), name)
}

const addressOf = (ip: Ip): Uint8Array => {
  const bytes = ipToBytes(ip)
  return concat(Uint8Array.of(bytes.length === 4 ? 1 : 4), bytes)
}

const encodeRequest = (request: { command: number; host: SocksHost; port: number }): Uint8Array =>
  concat(Uint8Array.of(5, request.command, 0), encodeAddress(request.host), Uint8Array.of(request.port >> 8, request.port & 255))

describe('greeting', () => {
  streamProperties(
    parseGreeting,
    fc.uint8Array({ maxLength: 255 }).map((methods) => concat(Uint8Array.of(5, methods.length), methods)),
  )
})

describe('login', () => {
  const words = fc
    .string({ unit: 'binary', maxLength: 60 })
    .map((text) => text.toWellFormed())
    .filter((text) => Buffer.byteLength(text) <= 255)
  const counted = (text: string) => concat(Uint8Array.of(Buffer.byteLength(text)), new TextEncoder().encode(text))
  const encodeLogin = (login: { name: string; password: string }) => concat(Uint8Array.of(1), counted(login.name), counted(login.password))
  const logins = fc.record({ name: words, password: words })

  streamProperties(parseLogin, logins.map(encodeLogin))

  property('is read as it was written', logins, (login) => {
    expect(parseLogin(encodeLogin(login))).toMatchObject({ value: login })
  })
})

describe('request', () => {
  streamProperties(parseRequest, requests.map(encodeRequest))

  property('is read as it was written', requests, (request) => {
    expect(parseRequest(encodeRequest(request))).toMatchObject({ value: request })
  })
})

describe('reply', () => {
  // A reply has the layout of a request (RFC 1928 §4, §6), so our own parser can be its reader.
  property('is read as it was written', fc.integer({ min: 1, max: 3 }), ips, fc.nat(65_535), (code, host, port) => {
    expect(parseRequest(encodeReply(code, { host, port }))).toMatchObject({
      value: { command: code, host: { kind: 'ip', ip: host }, port },
    })
  })
})
