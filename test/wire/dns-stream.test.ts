import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readMessage, withLength } from '../../src/wire/dns-stream.ts'
import { hex, streamProperties } from './support.ts'

test('a message stands behind its length', () => {
  const message = hex('0001 0100 0001 0000 0000 0000')
  expect(withLength(message)).toEqual(hex('000c 0001 0100 0001 0000 0000 0000'))
  expect(readMessage(withLength(message))).toEqual({ kind: 'value', value: message, consumed: 14 })
})

test('what is shorter than a header ends the stream', () => {
  expect(readMessage(hex('000b'))).toEqual({ kind: 'malformed', why: 'a DNS message of 11 bytes' })
})

streamProperties(readMessage, fc.uint8Array({ minLength: 12, maxLength: 300 }).map(withLength))
