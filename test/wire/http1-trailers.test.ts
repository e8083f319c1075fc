import { expect, test } from 'vitest'
import { TrailerReader } from '../../src/wire/http1-trailers.ts'
import { ascii } from './support.ts'

function read(text: string) {
  const reader = new TrailerReader()
  for (const byte of ascii(text)) {
    const problem = reader.take(byte)
    if (problem !== null) return problem
    if (reader.ended) return reader.fields()
  }
  return 'unfinished'
}

test('the section ends at the empty line', () => {
  expect(read('\r\n')).toEqual([])
  expect(read('Digest: x\r\n\r\n')).toEqual([{ name: 'Digest', value: 'x' }])
  expect(read('Digest: x\r\n')).toBe('unfinished')
})

test('fields that frame, route or authenticate are dropped', () => {
  expect(read('Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: a\r\nAuthorization: x\r\nDigest: x\r\n\r\n')).toEqual([
    { name: 'Digest', value: 'x' },
  ])
})

test('fields that ask, describe or steer an answer are dropped, those that can only be known at the end are not', () => {
  const late = 'Cache-Control: x\r\nIf-Match: x\r\nLocation: x\r\nSet-Cookie: x\r\nWWW-Authenticate: x\r\nDate: x\r\nVia: x\r\nAge: 1\r\n'
  expect(read(`${late}ETag: x\r\nAuthentication-Info: x\r\nServer-Timing: x\r\n\r\n`)).toEqual([
    { name: 'ETag', value: 'x' },
    { name: 'Authentication-Info', value: 'x' },
    { name: 'Server-Timing', value: 'x' },
  ])
})

test('a bare LF, a folded line and a section that is too long are refused', () => {
  expect(read('a: b\n')).toContain('CRLF')
  expect(read('a: b\r\n c\r\n\r\n')).toMatchObject({ kind: 'malformed' })
  expect(read('a'.repeat(20_000))).toContain('more than')
  expect(read('a:\r\n'.repeat(300))).toContain('more than')
})
