import { expect, test } from 'vitest'
import { answerAsFinalRecipient } from '../../src/inbound/http-final-recipient.ts'

const finality = { received: Buffer.from('TRACE http://a.com/ HTTP/1.1\r\nCookie: a\r\nX: y\r\n\r\n'), keepAlive: true, now: 0 }

const answer = (method: string, keepAlive = true): string =>
  Buffer.from(answerAsFinalRecipient({ method }, { ...finality, keepAlive })).toString('latin1')

test('OPTIONS is told the methods', () => {
  expect(answer('OPTIONS')).toBe(
    'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE\r\nContent-Length: 0\r\n\r\n',
  )
})

test('TRACE is told what it asked, and whether the connection stays', () => {
  expect(answer('TRACE', false)).toBe(
    'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: message/http\r\nContent-Length: 38\r\nConnection: close\r\n\r\nTRACE http://a.com/ HTTP/1.1\r\nX: y\r\n\r\n',
  )
})
