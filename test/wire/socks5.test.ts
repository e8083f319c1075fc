import { describe, expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { encodeLoginStatus, encodeMethodChoice, encodeReply, parseGreeting, parseLogin, parseRequest } from '../../src/wire/socks5.ts'
import { hex } from './support.ts'

const ip = (text: string) => {
  const parsed = parseIp(text)
  if (parsed === null) throw new Error(text)
  return parsed
}

describe('greeting', () => {
  test('lists the methods', () => {
    expect(parseGreeting(hex('05 02 00 02'))).toEqual({ kind: 'value', value: { methods: [0, 2] }, consumed: 4 })
  })

  test('without methods is a value, so that the door can answer 0xff', () => {
    expect(parseGreeting(hex('05 00'))).toEqual({ kind: 'value', value: { methods: [] }, consumed: 2 })
  })

  test('of another version is malformed at its first byte', () => {
    expect(parseGreeting(hex('04'))).toEqual({ kind: 'malformed', why: 'SOCKS version 4' })
  })
})

describe('login', () => {
  test('is a name and a password, and leaves the bytes behind it', () => {
    expect(parseLogin(hex('01 04 616e6e61 03 613a62 | 05'))).toEqual({
      kind: 'value',
      value: { name: 'anna', password: 'a:b' },
      consumed: 10,
    })
  })

  test('may be of empty words, which the door then refuses', () => {
    expect(parseLogin(hex('01 00 00'))).toMatchObject({ kind: 'value', value: { name: '', password: '' } })
  })

  test('of another version is malformed at its first byte', () => {
    expect(parseLogin(hex('05'))).toEqual({ kind: 'malformed', why: 'login of version 5' })
  })

  test('that is not UTF-8 is malformed, and is not quoted', () => {
    expect(parseLogin(hex('01 01 ff 01 61'))).toEqual({ kind: 'malformed', why: 'the login is not UTF-8' })
    expect(parseLogin(hex('01 01 61 02 c0af'))).toEqual({ kind: 'malformed', why: 'the login is not UTF-8' })
  })
})

describe('request', () => {
  test('for an IPv4 address', () => {
    expect(parseRequest(hex('05 01 00 01 | cb007107 | 01bb'))).toEqual({
      kind: 'value',
      value: { command: 1, host: { kind: 'ip', ip: '203.0.113.7' }, port: 443 },
      consumed: 10,
    })
  })

  test('for an IPv6 address; an IPv4-mapped one is the IPv4 address', () => {
    expect(parseRequest(hex('05 01 00 04 | 20010db8000000000000000000000001 | 0050'))).toMatchObject({
      value: { host: { ip: '2001:db8::1' }, port: 80 },
    })
    expect(parseRequest(hex('05 01 00 04 | 00000000000000000000ffff7f000001 | 0050'))).toMatchObject({
      value: { host: { ip: '127.0.0.1' } },
    })
  })

  test('for a name keeps the text as it came, and leaves the bytes behind it', () => {
    expect(parseRequest(hex('05 01 00 03 | 07 5a6f6f6d2e5573 | 01bb | 160301'))).toEqual({
      kind: 'value',
      value: { command: 1, host: { kind: 'text', text: 'Zoom.Us' }, port: 443 },
      consumed: 14,
    })
  })

  test('with a name that is empty or not UTF-8 is malformed', () => {
    expect(parseRequest(hex('05 01 00 03 | 00 | 01bb')).kind).toBe('malformed')
    expect(parseRequest(hex('05 01 00 03 | 02 c0af | 01bb')).kind).toBe('malformed')
  })

  test('of an unknown command is a value, so that the door can answer 07', () => {
    expect(parseRequest(hex('05 09 00 01 | cb007107 | 01bb'))).toMatchObject({ kind: 'value', value: { command: 9 } })
  })

  test('of an unknown address type is a value, so that the door can answer 08', () => {
    expect(parseRequest(hex('05 01 00 02'))).toEqual({
      kind: 'value',
      value: { command: 1, host: { kind: 'unsupported', type: 2 }, port: 0 },
      consumed: 4,
    })
  })

  test('for port 0 is a value', () => {
    expect(parseRequest(hex('05 01 00 01 | cb007107 | 0000'))).toMatchObject({ kind: 'value', value: { port: 0 } })
  })
})

describe('answers', () => {
  test('a method choice', () => {
    expect(encodeMethodChoice(0xff)).toEqual(hex('05 ff'))
  })

  test('the status of a login', () => {
    expect([encodeLoginStatus(true), encodeLoginStatus(false)]).toEqual([hex('01 00'), hex('01 01')])
  })

  test('a failure still has a bound address', () => {
    expect(encodeReply(2, null)).toEqual(hex('05 02 00 01 00000000 0000'))
  })

  test('a grant names the bound address, of either family', () => {
    expect(encodeReply(0, { host: ip('203.0.113.7'), port: 1080 })).toEqual(hex('05 00 00 01 cb007107 0438'))
    expect(encodeReply(0, { host: ip('2001:db8::1'), port: 1080 })).toEqual(hex('05 00 00 04 20010db8000000000000000000000001 0438'))
  })
})
