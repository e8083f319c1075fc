import { expect, test } from 'vitest'
import { encodeReply, parseRequest } from '../../src/wire/socks4.ts'
import { ascii, concat, hex } from './support.ts'

test('SOCKS4 asks for an address', () => {
  expect(parseRequest(hex('04 01 0050 cb007107 | 416c00 | 99'))).toEqual({
    kind: 'value',
    value: { command: 1, host: { kind: 'ip', ip: '203.0.113.7' }, port: 80, userId: 'Al' },
    consumed: 11,
  })
})

test('SOCKS4a asks for a name', () => {
  expect(parseRequest(concat(hex('04 01 01bb 00000001 00'), ascii('zoom.us\0rest')))).toEqual({
    kind: 'value',
    value: { command: 1, host: { kind: 'text', text: 'zoom.us' }, port: 443, userId: '' },
    consumed: 17,
  })
})

test('0.0.0.0 is an address, not the mark of 4a', () => {
  expect(parseRequest(hex('04 01 0050 00000000 00'))).toMatchObject({ value: { host: { kind: 'ip', ip: '0.0.0.0' } }, consumed: 9 })
})

test('another version is malformed at its first byte', () => {
  expect(parseRequest(hex('05'))).toEqual({ kind: 'malformed', why: 'SOCKS version 5' })
})

test('a user id or name of 255 bytes is read, a longer one refused before its end', () => {
  const head = hex('04 01 0050 00000001')
  const long = ascii('x'.repeat(255))
  expect(parseRequest(concat(head, long, hex('00'), long, hex('00'))).kind).toBe('value')
  expect(parseRequest(concat(head, long)).kind).toBe('need-more')
  expect(parseRequest(concat(head, long, ascii('x'))).kind).toBe('malformed')
  expect(parseRequest(concat(head, hex('00'), long, ascii('x'))).kind).toBe('malformed')
  expect(parseRequest(concat(head, long, ascii('x\0'))).kind).toBe('malformed')
})

test('an empty name and one that is not UTF-8 are malformed', () => {
  expect(parseRequest(hex('04 01 0050 00000001 00 00')).kind).toBe('malformed')
  expect(parseRequest(hex('04 01 0050 00000001 00 c0af 00')).kind).toBe('malformed')
})

test('the answer is 90 or 91', () => {
  expect(encodeReply(true)).toEqual(hex('00 5a 0000 00000000'))
  expect(encodeReply(false)).toEqual(hex('00 5b 0000 00000000'))
})
