import dnsPacket from 'dns-packet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Http1Answer } from '../../../src/egress/resolver/http1-answer.ts'
import { anyBytes, property } from '../../wire/support.ts'

const question = { name: 'a.test', type: 'A', edns: true } as const
const content = dnsPacket.encode({ type: 'response', id: 0, flags: 0x180, questions: [{ name: 'a.test', type: 'A' }] })
const whole = (fields = '', body: Buffer = content) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: ${body.length}\r\n${fields}\r\n`),
    body,
  ])

test.each([
  ['stays', whole(), true],
  ['is to be closed', whole('Connection: close\r\n'), false],
  ['has more bytes', Buffer.concat([whole(), Buffer.from('H')]), false],
])('after an answer the connection %s', (_what, bytes, reusable) => {
  const answer = new Http1Answer(question)
  expect(answer.push(bytes)).toMatchObject({ kind: 'response' })
  expect(answer.reusable).toBe(reusable)
})

test('an answer that the end of the connection cuts is none', () => {
  const answer = new Http1Answer(question)
  expect(answer.push(whole().subarray(0, -1))).toBeNull()
  expect(answer.end()).toBeNull()
  expect(new Http1Answer(question).end()).toBeNull()
})

property('never throws on any bytes, however they are cut', anyBytes, anyBytes, (first, second) => {
  const answer = new Http1Answer(question)
  if (answer.push(first) === null) answer.push(second)
  answer.end()
})

property('the cuts between pieces change nothing', fc.nat(), fc.nat(), (a, b) => {
  const bytes = whole('Age: 5\r\n')
  const [first, second] = [a % bytes.length, b % bytes.length].sort((x, y) => x - y) as [number, number]
  const answer = new Http1Answer(question)
  const read = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)].map((piece) => answer.push(piece))
  expect(read).toMatchObject([null, null, { kind: 'response', age: 5 }])
  expect(answer.reusable).toBe(true)
})
