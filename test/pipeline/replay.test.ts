import { expect, test } from 'vitest'
import type { Decided } from '../../src/model/event.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { carry } from '../../src/pipeline/pipeline.ts'
import { type RecordedFlow, replay } from '../../src/pipeline/replay.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { recordOf } from '../../src/records/record.ts'
import { endpoint, ip } from '../policy/words.ts'
import { tableLocator } from '../support/fake-ports.ts'
import { notToChina, policyText, roadOf } from '../support/proxy-under-test.ts'

const compiled = (text: string) => compilePolicy(text, 'p.yaml', 'p.yaml')

/** One flow over a made-up road, as its record. */
async function recorded(
  asked: string,
  policy: string,
): Promise<{ readonly record: RecordedFlow; readonly event: Decided; readonly fake: ReturnType<typeof roadOf> }> {
  const fake = roadOf({ policy, names: { 'mixed.example': ['52.81.151.250', '170.114.1.1'], 'cn.example': ['52.81.151.250'] } })
  const flow: Flow = {
    id: 'a' as FlowId,
    openedAt: 0,
    inbound: 'mixed',
    network: 'tcp',
    client: { host: ip('192.0.2.10'), port: 50_000 },
    asked: endpoint(asked),
  }
  await carry(
    {
      flow,
      firstBytes: null,
      gone: new AbortController().signal,
      grant: () => undefined,
      refuse: () => undefined,
      relay: async () => ({ ending: 'completed', code: null, message: null }),
    },
    fake.road,
  )
  const event = fake.writer.decided[0]
  if (event === undefined) throw new Error('nothing was decided')
  const record = recordOf({ decided: { ...event, v: 1, seq: 1, time: new Date(0).toISOString(), node: 'test' } })
  if (record === null) throw new Error('no record')
  return { record, event, fake }
}

const policies = [
  policyText('enforce', notToChina),
  policyText('observe', notToChina),
  policyText('enforce', '{ name: by-name, never: [CN], traffic: { host: [cn.example] } }'),
  policyText('enforce', '{ name: lifted, never: [CN], except: [{ host: [cn.example], reason: ours }] }'),
  policyText('enforce', '{ name: by-client, only: [US], traffic: { client: [192.0.2.0/24] } }'),
]

test.each(['cn.example:443', 'mixed.example:443', '52.81.151.250:80', '170.114.1.1:443'])(
  '%s judged again by its own policy and data comes to the same',
  async (asked) => {
    for (const text of policies) {
      const { record, event, fake } = await recorded(asked, text)
      const again = replay(record, compiled(text), fake.road.tables.current, fake.road.refusals)
      expect(again?.verdict).toMatchObject({ kind: event.verdict, would: event.would, reasons: event.reasons })
    }
  },
)

test('by other data or another policy it may come to something else', async () => {
  const { record, fake } = await recorded('cn.example:443', policies[0] ?? '')
  const moved = tableLocator({ '52.81.151.250': 'US' })
  expect(replay(record, compiled(policies[0] ?? ''), moved, fake.road.refusals)?.verdict.would).toBe('allow')
  expect(replay(record, compiled(policyText('enforce')), fake.road.tables.current, fake.road.refusals)?.verdict.would).toBe('allow')
})

test('a record without an address, or that is not readable, is not judged', async () => {
  const { record, fake } = await recorded('cn.example:443', policies[0] ?? '')
  const by = (change: Partial<RecordedFlow>) =>
    replay({ ...record, ...change }, compiled(policies[0] ?? ''), fake.road.tables.current, fake.road.refusals)
  expect(by({ candidates: [] })).toBeNull()
  expect(by({ asked: 'not a host!' })).toBeNull()
  expect(by({ client: 'nobody' })).toBeNull()
  expect(by({ time: 'never' })).toBeNull()
  expect(by({ candidates: record.candidates.map((candidate) => ({ ...candidate, ip: 'x' })) })).toBeNull()
})
