import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EventBody } from '../../src/model/event.ts'
import { type FlowEvent, recordOf, withEvent } from '../../src/records/record.ts'
import { blocked, candidate, decided, ended, numbered, rejudged, wouldBlock } from './made-up.ts'

const fold = (events: readonly FlowEvent[]) => recordOf(events.reduce(withEvent, {}))
const recordFrom = (...bodies: readonly EventBody[]) => fold(numbered(bodies) as readonly FlowEvent[])

test('a flow that was let through: what was decided, and how it ended', () => {
  expect(recordFrom(decided('a'), ended('a'))).toMatchObject({
    id: 'a',
    seq: 1,
    time: '2026-11-25T12:00:00.000Z',
    asked: 'zoom.us',
    port: 443,
    verdict: 'allow',
    ending: 'completed',
    code: null,
    dialled: '198.51.100.7',
    address: '198.51.100.7',
    country: 'US',
    certainty: 'agreed',
    up: 1_234,
    down: 56_789,
    duration_ms: 3_456,
  })
})

test('the way through an upstream proxy is told; events of a version that knew none have none', () => {
  const hop = { ...candidate('192.0.2.1', ['US']), port: 1080 }
  expect(recordFrom(decided('a', { hops: [hop] }), ended('a', { via: '192.0.2.1:1080' }))).toMatchObject({
    hops: [hop],
    via: '192.0.2.1:1080',
  })
  const { via: _, ...older } = ended('a')
  expect(recordFrom(decided('a'), older as EventBody)).toMatchObject({ hops: [], via: null })
})

test('a blocked flow is its own ending, whatever else is written about it', () => {
  const record = recordFrom(blocked('a'), ended('a'))
  expect(record).toMatchObject({
    ending: 'blocked',
    code: 'policy.blocked',
    dialled: null,
    address: '52.81.151.250',
    country: 'CN',
    up: 0,
    down: 0,
    duration_ms: null,
  })
  const failed = blocked('a', { reasons: [{ kind: 'error', code: 'resolve.not-found', message: '…' }], candidates: [] })
  expect(recordFrom(failed)).toMatchObject({ ending: 'blocked', code: 'resolve.not-found', address: null, country: null, certainty: null })
})

test('a flow without an ending is open, and says of volume and duration that they are not known', () => {
  expect(recordFrom(decided('a'))).toMatchObject({ ending: 'open', up: null, down: null, duration_ms: null })
})

test('the place is that of the dialled address, else of the first permitted one', () => {
  const candidates = [
    candidate('52.81.151.250', ['CN'], { permitted: false }),
    candidate('198.51.100.7', ['US']),
    candidate('198.51.100.8', ['DE', 'FR']),
  ]
  const steered = decided('a', { would: 'steer', candidates })
  expect(recordFrom(steered)).toMatchObject({ address: '198.51.100.7', country: 'US' })
  expect(recordFrom(steered, ended('a', { dialled: '198.51.100.8' }))).toMatchObject({
    country: 'DE',
    possible: ['DE', 'FR'],
    certainty: 'disputed',
  })
  expect(recordFrom(steered, ended('a', { dialled: '203.0.113.1' }))).toMatchObject({
    address: '203.0.113.1',
    country: null,
    certainty: null,
  })
})

test('what was judged last holds, with all names that were learnt', () => {
  const names = [{ name: 'zoom.us', origin: 'asked', proved: true } as const]
  const record = recordFrom(decided('a', { mode: 'observe', personal: { names } }), rejudged('a'), ended('a'))
  expect(record).toMatchObject({ verdict: 'allow', would: 'block', sentence: 'Would block: cdn.example.', ending: 'completed' })
  expect(record?.names.map(({ name }) => name)).toEqual(['zoom.us', 'cdn.example'])
})

test('without a verdict there is no record', () => {
  expect(recordFrom()).toBeNull()
  expect(recordFrom(ended('a'), rejudged('a'))).toBeNull()
})

test('the order in which a flow’s events are read makes no difference', () => {
  const later = fc.array(fc.constantFrom(rejudged('a'), rejudged('a', { would: 'allow' }), ended('a'), ended('a', { ending: 'reset' })), {
    maxLength: 5,
  })
  const first = fc.constantFrom(decided('a'), blocked('a'), wouldBlock('a'))
  const shuffled = fc
    .tuple(first, later)
    .map(([head, tail]) => numbered([head, ...tail]) as readonly FlowEvent[])
    .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events], { minLength: events.length })))
  fc.assert(
    fc.property(shuffled, ([inOrder, anyOrder]) => {
      expect(fold(anyOrder)).toEqual(fold(inOrder))
    }),
  )
})
