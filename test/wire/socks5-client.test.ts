import { describe, expect, test } from 'vitest'
import {
  encodeConnect,
  encodeGreeting,
  encodeLogin,
  parseLoginStatus,
  parseMethodChoice,
  parseReply,
} from '../../src/wire/socks5-client.ts'
import { ip } from '../support/fake-ports.ts'
import { hex } from './support.ts'

test('a greeting lists the methods, one at least', () => {
  expect(encodeGreeting([0, 2])).toEqual(hex('05 02 00 02'))
  expect(() => encodeGreeting([])).toThrow(RangeError)
})

test('a login counts bytes, and what does not fit is no login', () => {
  expect(encodeLogin('é', 'ab')).toEqual(hex('01 02 c3a9 02 6162'))
  expect(() => encodeLogin('', 'x')).toThrow(RangeError)
  expect(() => encodeLogin('x', 'y'.repeat(256))).toThrow(RangeError)
})

test('a request is for an address of either family', () => {
  expect(encodeConnect({ host: ip('192.0.2.1'), port: 80 })).toEqual(hex('05 01 00 01 c0000201 0050'))
  expect(encodeConnect({ host: ip('2001:db8::1'), port: 65_535 })).toEqual(hex('05 01 00 04 20010db8000000000000000000000001 ffff'))
})

test('a choice of method leaves the bytes behind it', () => {
  expect(parseMethodChoice(hex('05 ff 01'))).toEqual({ kind: 'value', value: 255, consumed: 2 })
  expect(parseMethodChoice(hex('04'))).toMatchObject({ kind: 'malformed' })
})

test('a login is good with status 0 alone, whichever of the two versions is said', () => {
  expect(parseLoginStatus(hex('01 00'))).toMatchObject({ value: true })
  expect(parseLoginStatus(hex('05 00'))).toMatchObject({ value: true })
  expect(parseLoginStatus(hex('01 ff'))).toMatchObject({ value: false })
  expect(parseLoginStatus(hex('02'))).toMatchObject({ kind: 'malformed' })
})

describe('reply', () => {
  test('tells where the proxy connected from', () => {
    expect(parseReply(hex('05 00 00 01 c0000201 1f90 aa'))).toEqual({
      kind: 'value',
      value: { code: 0, bound: { host: '192.0.2.1', port: 8080 } },
      consumed: 10,
    })
  })

  test('with a name tells nothing of it', () => {
    expect(parseReply(hex('05 05 00 03 01 61 0000'))).toEqual({ kind: 'value', value: { code: 5, bound: null }, consumed: 8 })
    expect(parseReply(hex('05 05 00 03 01 ff 0000'))).toMatchObject({ kind: 'malformed' })
  })

  test('of another version or with an unknown address is malformed as soon as that shows', () => {
    expect(parseReply(hex('00'))).toMatchObject({ kind: 'malformed' })
    expect(parseReply(hex('05 00 00 02'))).toMatchObject({ kind: 'malformed' })
  })
})
