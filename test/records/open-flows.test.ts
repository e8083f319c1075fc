import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EventBody } from '../../src/model/event.ts'
import { OpenFlows } from '../../src/records/open-flows.ts'
import { blocked, decided, ended, numbered, rejudged } from './made-up.ts'

const policy: EventBody = { type: 'policy', name: 'no-cn', hash: 'p', mode: 'observe' }

const steps = (bodies: readonly EventBody[]) => {
  const flows = new OpenFlows()
  const taken = numbered(bodies).map((event) => flows.take(event))
  return { taken, rest: [...flows.rest()] }
}

test('a flow is judged, then ends; a blocked one ends at once', () => {
  const { taken, rest } = steps([decided('a'), blocked('b'), policy, ended('a')])
  expect(taken.map((step) => step && [step.kind, step.record.id, step.record.ending])).toEqual([
    ['judged', 'a', 'open'],
    ['ended', 'b', 'blocked'],
    null,
    ['ended', 'a', 'completed'],
  ])
  expect(rest).toEqual([])
})

test('a second judgement is told only where it turned out differently', () => {
  const same = { mode: 'enforce', verdict: 'allow', would: 'allow', reasons: [] } as const
  const { taken, rest } = steps([decided('a'), rejudged('a', same), rejudged('a')])
  expect(taken.map((step) => step?.record.would ?? null)).toEqual(['allow', null, 'block'])
  expect(rest).toHaveLength(1)
})

test('events of flows from before the place where reading began are passed over', () => {
  expect(steps([rejudged('old'), ended('old')])).toEqual({ taken: [null, null], rest: [] })
})

/** Lists of events, mixed in some order that keeps the order within each. */
function interleaved(lists: readonly (readonly EventBody[])[], picks: readonly number[]): EventBody[] {
  const left = lists.map((list) => [...list])
  const mixed: EventBody[] = []
  for (let i = 0; left.some((list) => list.length > 0); i++) {
    const waiting = left.filter((list) => list.length > 0)
    const next = waiting[(picks[i % picks.length] ?? 0) % waiting.length]?.shift()
    if (next !== undefined) mixed.push(next)
  }
  return mixed
}

test('however whole flows are interleaved, each gives one record with one ending', () => {
  const kinds = [
    (id: string) => [blocked(id)],
    (id: string) => [decided(id), ended(id)],
    (id: string) => [decided(id), rejudged(id), ended(id, { ending: 'cut' })],
    (id: string) => [decided(id)],
  ] as const
  const endings = ['blocked', 'completed', 'cut', 'open']
  const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 })
  fc.assert(
    fc.property(shape, fc.array(fc.nat(), { minLength: 1 }), (flows, picks) => {
      const { taken, rest } = steps(
        interleaved(
          flows.map((kind, i) => kinds[kind]?.(String(i)) ?? []),
          picks,
        ),
      )
      const final = [...taken.flatMap((step) => (step?.kind === 'ended' ? [step.record] : [])), ...rest]
      expect(new Map(final.map(({ id, ending }) => [id, ending]))).toEqual(new Map(flows.map((kind, i) => [String(i), endings[kind]])))
      expect(final).toHaveLength(flows.length)
    }),
  )
})

test('what is open when another process begins to write was interrupted', () => {
  const flows = new OpenFlows()
  for (const event of numbered([decided('a'), decided('b'), ended('b')])) flows.take(event)
  expect([...flows.interrupt()].map(({ id, ending }) => [id, ending])).toEqual([['a', 'interrupted']])
  expect([...flows.rest()]).toEqual([])
})

describe('a refused flow of datagrams', () => {
  const refused = [blocked('a', { network: 'udp' }), decided('b', { network: 'udp' }), ended('b', { ending: 'failed' })] as const
  const taken = (bodies: readonly EventBody[]) => {
    const flows = new OpenFlows()
    return { flows, steps: numbered(bodies).map((event) => flows.take(event)) }
  }

  test('may be told of once more: how many came after it', () => {
    const { flows, steps } = taken([...refused, { type: 'dropped', flow: 'b', datagrams: 3 }, { type: 'dropped', flow: 'a', datagrams: 1 }])
    expect(steps.map((step) => step && [step.kind, step.record.id, step.record.dropped])).toEqual([
      ['refused', 'a', null],
      ['judged', 'b', null],
      ['refused', 'b', null],
      ['dropped', 'b', 3],
      ['dropped', 'a', 1],
    ])
    expect([...flows.rest()]).toEqual([])
  })

  test('or not, and is given up after a while, or at the end', () => {
    const { flows } = taken(refused)
    expect([...flows.overdue('2026-11-25T12:01:29.999Z')]).toEqual([])
    expect([...flows.overdue('2026-11-25T12:01:30.000Z')].map(({ id }) => id)).toEqual(['a'])
    expect([...flows.rest()].map(({ id }) => id)).toEqual(['b'])
  })

  test('is passed over where it is from before the place where reading began', () => {
    expect(taken([{ type: 'dropped', flow: 'old', datagrams: 3 }]).steps).toEqual([null])
  })
})
