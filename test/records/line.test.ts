import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventHead } from '../../src/model/event.ts'
import { encodeBody, formatLine, parseLine } from '../../src/records/line.ts'
import { decided, ended, rejudged } from './made-up.ts'

const head: EventHead = { v: 1, seq: 7, time: '2026-11-25T12:00:00.000Z', node: 'node-1' }
const bytesOf = (line: string) => Buffer.from(line.slice(0, -1))

test('an event comes back as it went in', () => {
  for (const event of [decided('a'), rejudged('a'), ended('a')]) {
    expect(parseLine(bytesOf(formatLine(head, encodeBody(event))))).toEqual({ kind: 'event', event: { ...head, ...event } })
  }
})

test('whatever a client sends, an event is one line of well-formed UTF-8', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\n', '\r', '"', '\\', '\\ud800', '\ud800', '\udc00', '\u2028', '\0', 'a') }),
  )
  fc.assert(
    fc.property(text, (asked) => {
      const line = formatLine(head, encodeBody(decided('a', { personal: { asked }, shadow: { [asked]: 'allow' } })))
      expect(line.indexOf('\n')).toBe(line.length - 1)
      const parsed = parseLine(bytesOf(line))
      expect(parsed).toMatchObject({ kind: 'event', event: { personal: { asked: asked.toWellFormed() } } })
      expect(JSON.stringify(parsed)).toEqual(JSON.stringify(parsed).toWellFormed())
      expect(JSON.stringify(parsed)).not.toMatch(/(?<!\\)(\\\\)*\\ud/)
    }),
  )
})

test('a lone surrogate becomes U+FFFD, an escaped backslash before "ud800" stays', () => {
  expect(encodeBody(decided('a', { personal: { asked: 'x\ud800y' } }))).toContain('"asked":"x\ufffdy"')
  expect(encodeBody(decided('a', { personal: { asked: 'x\\ud800y' } }))).toContain('"asked":"x\\\\ud800y"')
})

test('an event of a type that a later version writes is sound, of another schema version it is not', () => {
  const line = (change: object) => parseLine(Buffer.from(JSON.stringify({ ...head, type: 'checkpoint', ...change })))
  expect(line({})).toMatchObject({ kind: 'foreign', head: { seq: 7 } })
  expect(line({ v: 2 })).toEqual({ kind: 'bad', why: 'schema version 2 is not known here' })
})

test('what is no event is bad, with a reason, and never throws', () => {
  const why = (text: string | Uint8Array) => parseLine(Buffer.from(text as string))
  expect(why('')).toEqual({ kind: 'bad', why: 'not JSON' })
  expect(why('[1]')).toEqual({ kind: 'bad', why: 'not an event' })
  expect(why(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ kind: 'bad', why: 'not UTF-8' })
  expect(why(JSON.stringify({ ...head, ...decided('a'), candidates: [{}] }))).toEqual({ kind: 'bad', why: 'not a whole "decided" event' })
  expect(why(JSON.stringify({ ...head, type: 'dropped', flow: 'a' }))).toEqual({ kind: 'bad', why: 'not a whole "dropped" event' })
  fc.assert(fc.property(fc.uint8Array(), (bytes) => ['event', 'foreign', 'bad'].includes(parseLine(bytes).kind)))
  fc.assert(fc.property(fc.json(), (json) => parseLine(Buffer.from(json)).kind !== 'event'))
})

test('a type named like a property of every object is foreign', () => {
  expect(parseLine(Buffer.from(JSON.stringify({ ...head, type: 'constructor' }))).kind).toBe('foreign')
})
