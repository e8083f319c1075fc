import { describe, expect, test } from 'vitest'
import { encodeDatagram, parseDatagram } from '../../src/wire/socks5-datagram.ts'
import { ip } from '../support/fake-ports.ts'
import { ascii, hex } from './support.ts'

describe('a datagram of a client', () => {
  test.each([
    ['to an IPv4 address', '0000 00 01 aa720101 0035 | 78', { host: { kind: 'ip', ip: '170.114.1.1' }, port: 53 }],
    ['to an IPv6 address', '0000 00 04 20010db8000000000000000000000001 01bb | 78', { host: { kind: 'ip', ip: '2001:db8::1' }, port: 443 }],
    ['to a mapped one', '0000 00 04 00000000000000000000ffffaa720101 0035 | 78', { host: { kind: 'ip', ip: '170.114.1.1' }, port: 53 }],
    ['to a name', '0000 00 03 05 612e636f6d 0035 | 78', { host: { kind: 'text', text: 'a.com' }, port: 53 }],
    ['to port 0, which is for the door to judge', '0000 00 01 aa720101 0000 | 78', { port: 0 }],
  ])('%s', (_, bytes, wanted) => {
    expect(parseDatagram(hex(bytes))).toMatchObject({ kind: 'datagram', payload: ascii('x'), ...wanted })
  })

  test('without payload', () => {
    expect(parseDatagram(hex('0000 00 01 aa720101 0035'))).toMatchObject({ kind: 'datagram', payload: ascii('') })
  })

  test.each(['01', '7f', '80', 'ff'])('with FRAG %s is a fragment, whatever follows', (fragment) => {
    expect(parseDatagram(hex(`0000 ${fragment} 01 aa720101 0035`))).toEqual({ kind: 'fragment' })
    expect(parseDatagram(hex(`0000 ${fragment} 09`))).toEqual({ kind: 'fragment' })
  })

  test.each([
    ['nothing', '', 'the header is cut'],
    ['a header that is cut', '0000 00 01 aa7201', 'the header is cut'],
    ['a port that is cut', '0000 00 01 aa720101 00', 'the header is cut'],
    ['a name that is cut', '0000 00 03 05 612e63', 'the header is cut'],
    ['reserved bytes', '0100 00 01 aa720101 0035', 'the reserved bytes are not zero'],
    ['an unknown type of address', '0000 00 02 aa720101 0035', 'address type 2'],
    ['an empty name', '0000 00 03 00 0035', 'the host name is empty'],
    ['a name that is not UTF-8', '0000 00 03 02 fffe 0035', 'the host name is not UTF-8'],
  ])('%s is malformed', (_, bytes, why) => {
    expect(parseDatagram(hex(bytes))).toEqual({ kind: 'malformed', why })
  })
})

test('an answer carries the address from which it came', () => {
  expect(Buffer.from(encodeDatagram({ host: ip('170.114.1.1'), port: 53 }, ascii('x'))).toString('hex')).toBe('00000001aa720101003578')
  expect(Buffer.from(encodeDatagram({ host: ip('2001:db8::1'), port: 443 }, ascii(''))).toString('hex')).toBe(
    '0000000420010db800000000000000000000000101bb',
  )
})
