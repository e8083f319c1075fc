import fc from 'fast-check'
import { expect } from 'vitest'
import { ipFromBytes } from '../../src/model/address.ts'
import { parseRequest } from '../../src/wire/socks4.ts'
import { ascii, concat, property, streamProperties } from './support.ts'

const text = (minLength: number) => fc.uint8Array({ min: 1, minLength, maxLength: 60 }).map((bytes) => String.fromCharCode(...bytes))
const addresses = fc.uint8Array({ minLength: 4, maxLength: 4 }).filter((ip) => ip[0] !== 0)
const names = fc.string({ minLength: 1, maxLength: 60 }).filter((name) => !name.includes('\0'))

const requests = fc.record({ command: fc.nat(255), port: fc.nat(65_535), userId: text(0), address: addresses, name: fc.option(names) })
type Request = typeof requests extends fc.Arbitrary<infer T> ? T : never

const encode = ({ command, port, userId, address, name }: Request): Uint8Array =>
  concat(
    Uint8Array.of(4, command, port >> 8, port & 255),
    name === null ? address : Uint8Array.of(0, 0, 0, 1),
    ascii(`${userId}\0`),
    name === null ? new Uint8Array() : new TextEncoder().encode(`${name}\0`),
  )

streamProperties(parseRequest, requests.map(encode))

property('is read as it was written', requests, (request) => {
  const { command, port, userId, address, name } = request
  const host = name === null ? { kind: 'ip', ip: ipFromBytes(address) } : { kind: 'text', text: name }
  expect(parseRequest(encode(request))).toMatchObject({ value: { command, port, userId, host } })
})
