import { pino } from 'pino'
import { expect, test } from 'vitest'
import { LivePolicy } from '../../src/config/live-policy.ts'
import { tellOfPolicy, watchPolicy } from '../../src/config/watch-policy.ts'
import { noApps } from '../../src/model/app.ts'
import type { EventBody } from '../../src/model/event.ts'
import { LiveFlows } from '../../src/pipeline/live-flows.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { runTests } from '../../src/policy/suite.ts'
import { policy, strict } from '../policy/words.ts'
import { FakeClock } from '../support/fake-clock.ts'

const china = policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'] }] })
const russia = policy({
  uncertain: strict,
  fences: [{ name: 'a', never: ['RU'], except: [{ host: 'b.example', until: '2020-01-01', reason: 'old' }] }],
})

async function watching() {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const events: EventBody[] = []
  const world = { next: china as Policy | Error, written: true, swaps: 0 }
  const policies = await LivePolicy.open({
    load: () => {
      if (world.next instanceof Error) throw world.next
      return world.next
    },
    test: (asked) => runTests(asked, { apps: noApps, locate: null }),
    overlays: async () => [],
    now: () => 0,
  })
  const writer = {
    append: async (event: EventBody) => {
      if (!world.written) throw new Error('the disk is full')
      events.push(event)
    },
  }
  const swapped = async () => void world.swaps++
  const watch = watchPolicy(policies, { live: new LiveFlows(), writer, clock: new FakeClock(), log, swapped })
  return { watch, world, lines, events, policies, log }
}

test('a new policy is journalled before it is in force, told with its warnings, and the canaries run', async () => {
  const { watch, world, lines, events, policies } = await watching()
  world.next = russia
  await watch.look(true)
  watch.stop()
  expect(policies.current).toBe(russia)
  expect(events).toEqual([{ type: 'policy', name: 'test', hash: russia.hash, mode: 'enforce' }])
  expect(lines).toEqual([
    `policy test is in force (${russia.hash.slice(0, 12)}): of 0 live flows 0 were cut`,
    expect.stringMatching(/^policy test: test\.yaml:\d+:1: an exception of fence "a" \("old"\) ended on 2020-01-01$/),
  ])
  expect(world.swaps).toBe(1)
})

test('what is refused is logged and journalled once, and a journal that fails keeps the old one', async () => {
  const { watch, world, lines, events, policies } = await watching()
  world.next = new Error('no such file')
  await watch.look(true)
  await watch.look(true)
  expect(lines).toEqual(['policy not taken: no such file; what is in force stays'])
  expect(events).toEqual([{ type: 'policy-refused', name: 'test', message: 'no such file' }])
  Object.assign(world, { next: russia, written: false })
  await watch.look(true)
  watch.stop()
  expect(policies.current).toBe(china)
  expect(lines.at(-1)).toBe('policy not taken: the disk is full; what is in force stays')
})

test('who asks for it anew hears where nothing has changed', async () => {
  const { watch, lines } = await watching()
  await watch.look()
  expect(lines).toEqual([])
  await watch.look(true)
  watch.stop()
  expect(lines).toEqual(['policy test is as it was'])
})

test('a policy without warnings is told of in no words', () => {
  const lines: string[] = []
  tellOfPolicy(china, new FakeClock(), pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }))
  expect(lines).toEqual([])
})
