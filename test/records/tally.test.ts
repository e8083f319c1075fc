import { expect, test } from 'vitest'
import type { Decided, EventBody } from '../../src/model/event.ts'
import { Tally } from '../../src/records/tally.ts'
import { ended } from './made-up.ts'

const decided = (verdict: Decided['verdict'], shadow: Decided['shadow']): Decided => ({
  type: 'decided',
  id: 'a-1',
  mode: 'observe',
  verdict,
  would: verdict,
  reasons: [],
  policy: 'p',
  name_hidden: false,
  apps: [],
  inbound: 'mixed',
  network: 'tcp',
  port: 443,
  candidates: [],
  table: 't',
  shadow,
  personal: { salt: 's', user: 'anonymous', groups: [], client: '127.0.0.1:1', asked: 'a.example', names: [], sentence: 'Allowed.' },
})

test('verdicts are counted, and what the policies in the shadow would have blocked', async () => {
  const written: EventBody[] = []
  const tally = new Tally({ append: async (event) => void written.push(event) })
  expect(tally.summary).toBe('0 flows: 0 allowed, 0 refused')
  await tally.append(decided('allow', { 'no-cn': 'allow' }))
  await tally.append(decided('log', { 'no-cn': 'block' }))
  await tally.append(decided('block', { 'no-cn': 'steer' }))
  expect(tally.summary).toBe('3 flows: 1 allowed, 1 flagged, 1 refused; policy no-cn would also have blocked 1')
  expect(written).toHaveLength(3)
})

test('what could not be written is not counted', async () => {
  const tally = new Tally({ append: () => Promise.reject(new Error('disk full')) })
  await expect(tally.append(decided('allow', {}))).rejects.toThrow('disk full')
  expect(tally.summary).toBe('0 flows: 0 allowed, 0 refused, 1 event could not be recorded')
})

test('a name that does not exist is not a refusal, and what was refused anyhow is no merit of the policy in the shadow', async () => {
  const tally = new Tally({ append: async () => undefined })
  const reasons = [{ kind: 'error', code: 'resolve.not-found', message: 'no such name' }] as const
  await tally.append({ ...decided('block', {}), reasons })
  await tally.append(decided('block', { 'no-cn': 'block' }))
  expect(tally.summary).toBe('2 flows: 0 allowed, 1 refused, 1 not reached')
})

test('what was allowed and came to no connection is counted as not reached once it ends', async () => {
  const tally = new Tally({ append: async () => undefined })
  for (const id of ['refused', 'gone', 'fine', 'cut']) await tally.append({ ...decided('allow', {}), id })
  await tally.append({ ...decided('log', {}), id: 'flagged' })
  expect(tally.summary).toBe('5 flows: 4 allowed, 1 flagged, 0 refused')
  const nothing = { dialled: null, up: 0, down: 0 } as const
  await tally.append(ended('refused', { ...nothing, ending: 'failed', code: 'dial.refused' }))
  await tally.append(ended('gone', { ...nothing, ending: 'client-gone', code: 'client.gone' }))
  await tally.append(ended('cut', { ...nothing, ending: 'cut', code: 'policy.cut' }))
  await tally.append(ended('flagged', { ...nothing, ending: 'failed', code: 'upstream.unreachable' }))
  await tally.append(ended('fine'))
  expect(tally.summary).toBe('5 flows: 2 allowed, 1 flagged, 0 refused, 2 not reached')
})
