import { expect, test } from 'vitest'
import { type Door, newFlow } from '../../src/inbound/door.ts'
import type { FlowId } from '../../src/model/flow.ts'
import type { Identity } from '../../src/model/identity.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ip, name } from '../support/fake-ports.ts'
import { noDatagrams } from '../support/no-datagrams.ts'

test('a flow carries the name of its door, who asks, a fresh id and the time at which it was opened', () => {
  let count = 0
  const door: Door = {
    name: 'office',
    limits: { headBytes: 1, headMs: 1, relay: { idleMs: 1, halfClosedMs: 1 } },
    clock: new FakeClock(1_234),
    via: 'ringfence-test',
    stopping: new AbortController().signal,
    attributions: [],
    login: null,
    groupsOf: () => [],
    hasRoom: () => true,
    nextId: () => `id-${++count}` as FlowId,
    carry: async () => undefined,
    ...noDatagrams,
    malformed: () => undefined,
    loginFailed: () => undefined,
  }
  const client = { host: ip('10.0.0.9'), port: 50_000 }
  const who: Identity = { name: 'anna', groups: ['staff'], by: 'password' }
  const asked = { host: { kind: 'name', name: name('a.com') }, port: 443 } as const
  expect(newFlow(door, { client, who }, asked)).toEqual({
    id: 'id-1',
    openedAt: 1_234,
    inbound: 'office',
    network: 'tcp',
    client,
    who,
    asked,
  })
  expect(newFlow(door, { client, who }, asked).id).toBe('id-2')
})
