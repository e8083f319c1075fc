import { beforeEach, expect, test } from 'vitest'
import { KeptAnswers } from '../../../src/egress/resolver/kept-answers.ts'
import { ips } from '../support.ts'

const DAY = 24 * 3_600_000
const found = (ttl: number) => ({ kind: 'addresses', ips: ips('192.0.2.1'), ttl }) as const
const absent = (ttl: number) => ({ kind: 'not-found', ttl }) as const

let now: number
let kept: KeptAnswers
beforeEach(() => {
  now = 1_000
  kept = new KeptAnswers(() => now, 3)
})
const held = (name: string) => kept.get('s', name, 'A') !== null

test.each([
  ['addresses for their TTL', found(60), 60_000],
  ['addresses a day at most', found(7 * 86_400), DAY],
  ['an absence for its TTL', absent(3), 3_000],
  ['an absence five seconds at most', absent(3_600), 5_000],
])('it keeps %s', (_what, answer, milliseconds) => {
  kept.put('s', 'a', 'A', answer, now)
  now += milliseconds - 1
  expect(held('a')).toBe(true)
  now += 1
  expect(held('a')).toBe(false)
  expect(kept.size).toBe(0)
})

test('it keeps nothing with a TTL of zero, nor what came too late', () => {
  kept.put('s', 'a', 'A', found(0), now)
  kept.put('s', 'b', 'A', found(1), now - 1_000)
  expect(kept.size).toBe(0)
})

test('each server, name and family is by itself', () => {
  kept.put('s', 'a', 'A', found(60), now)
  expect([kept.get('t', 'a', 'A'), kept.get('s', 'a', 'AAAA'), kept.get('s', 'b', 'A')]).toEqual([null, null, null])
})

test('the one that was not used for longest makes room', () => {
  for (const name of ['a', 'b', 'c']) kept.put('s', name, 'A', found(60), now)
  held('a')
  kept.put('s', 'd', 'A', found(60), now)
  expect(['a', 'b', 'c', 'd'].map(held)).toEqual([true, false, true, true])
  expect(kept.size).toBe(3)
})
