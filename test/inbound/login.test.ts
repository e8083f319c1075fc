import { expect, test } from 'vitest'
import { groupsByNetwork } from '../../src/inbound/client-groups.ts'
import type { Door, Login } from '../../src/inbound/door.ts'
import { logIn, withoutLogin } from '../../src/inbound/login.ts'
import { cidr } from '../../src/model/cidr.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { Deadline } from '../../src/pipeline/deadline.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { loginOf } from '../support/made-up-login.ts'
import { noDatagrams } from '../support/no-datagrams.ts'
import { never, streamPair } from '../support/socket-pair.ts'

async function visit(login: Login | null, from = '10.1.0.9') {
  const failed: (string | null)[] = []
  const door: Door = {
    name: 'mixed',
    limits: { headBytes: 1_000, headMs: 1_000, relay: { idleMs: 1_000, halfClosedMs: 1_000 } },
    clock: realClock,
    via: 'ringfence-test',
    stopping: never,
    attributions: [],
    login,
    groupsOf: groupsByNetwork([{ ...cidr('10.1.0.0/16'), groups: ['office', 'staff'] }]),
    hasRoom: () => true,
    nextId: () => 'id' as FlowId,
    carry: async () => undefined,
    ...noDatagrams,
    malformed: () => undefined,
    loginFailed: (_client, user) => failed.push(user),
  }
  const { near, far } = await streamPair()
  const visitor = { stream: near, client: { host: ip(from), port: 5 }, shown: null, inTime: new Deadline(8_000, 'the test') }
  return { door, visitor, far, failed }
}

test('where nobody is asked, a client is anonymous, in the groups of its network', async () => {
  const { door, visitor } = await visit(null)
  expect(withoutLogin(door, visitor)).toEqual({ name: 'anonymous', groups: ['office', 'staff'], by: null })
  expect(await logIn({ name: 'anna', password: 'x' }, door, visitor, never)).toEqual(withoutLogin(door, visitor))
})

test('where a login is asked for, nobody is known without one', async () => {
  const { door, visitor } = await visit(loginOf({ anna: 'one' }))
  expect(withoutLogin(door, visitor)).toBeNull()
})

test('who logs in is in the groups of the user and of the network, each once', async () => {
  const there = await visit(loginOf({ anna: 'one' }))
  expect(await logIn({ name: 'anna', password: 'one' }, there.door, there.visitor, never)).toEqual({
    name: 'anna',
    groups: ['staff', 'office'],
    by: 'password',
  })
  const elsewhere = await visit(loginOf({ anna: 'one' }), '192.0.2.1')
  expect(await logIn({ name: 'anna', password: 'one' }, elsewhere.door, elsewhere.visitor, never)).toMatchObject({ groups: ['staff'] })
})

test('a login that fails is told by the name of the user, and by no other: it may be a password', async () => {
  const { door, visitor, failed } = await visit(loginOf({ anna: 'one' }))
  expect(await logIn({ name: 'anna', password: 'two' }, door, visitor, never)).toBeNull()
  expect(await logIn({ name: 'my secret', password: 'anna' }, door, visitor, never)).toBeNull()
  expect(failed).toEqual(['anna', null])
})

test('the wait for a check ends with the time, and with the client', async () => {
  const { door, visitor, far, failed } = await visit(loginOf({ anna: 'one' }, true))
  const late = new AbortController()
  const waiting = logIn({ name: 'anna', password: 'one' }, door, visitor, late.signal)
  late.abort(new Error('too late'))
  await expect(waiting).rejects.toThrow('too late')
  const left = logIn({ name: 'anna', password: 'one' }, door, visitor, never)
  far.reset()
  await expect(left).rejects.toThrow('the client left')
  await expect(logIn({ name: 'anna', password: 'one' }, door, visitor, never)).rejects.toThrow('the client left')
  expect(failed).toEqual([])
})

test('who shows a certificate is known without a password, in the groups of the network, too', async () => {
  const { door, visitor } = await visit(loginOf({ anna: 'one' }))
  const shown = { name: 'bob', groups: ['it'], by: 'certificate' } as const
  expect(withoutLogin(door, { ...visitor, shown })).toEqual({ name: 'bob', groups: ['it', 'office', 'staff'], by: 'certificate' })
})

test('a login that is not checked is not one that failed', async () => {
  const { door, visitor, failed } = await visit({ has: () => true, authenticate: async () => ({ retryAfterMs: 1_500 }) })
  expect(await logIn({ name: 'anna', password: 'one' }, door, visitor, never)).toEqual({ retryAfterMs: 1_500 })
  expect(failed).toEqual([])
})
