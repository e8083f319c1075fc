import { expect, test } from 'vitest'
import type { Reply } from '../../../src/egress/resolver/exchange.ts'
import { timedOut } from '../../../src/egress/resolver/failure-words.ts'
import { type Broken, type Carrier, keepConnections } from '../../../src/egress/resolver/kept-connection.ts'
import { StopSource } from '../../../src/model/stop.ts'

const question = { name: 'a.test', type: 'A', edns: true } as const
const closed = { kind: 'failed', why: 'closed the connection' } as const
const broken = (established: boolean): Broken => ({ kind: 'broken', established, failure: closed })

/** The nth connection says what stands nth; once it broke it takes no more. */
function keeping(...says: readonly (Reply | Broken)[]) {
  let opened = 0
  const exchange = keepConnections((): Carrier => {
    const reply = says[opened++] ?? timedOut
    let open = true
    return {
      get open() {
        return open
      },
      get over() {
        return !open
      },
      ask: async () => {
        open = reply.kind !== 'broken'
        return reply
      },
    }
  })
  return { ask: () => exchange.exchange(question, new StopSource()), opened: () => opened }
}

test('one connection carries question after question', async () => {
  const { ask, opened } = keeping(timedOut)
  await ask()
  await ask()
  expect(opened()).toBe(1)
})

test('a question gets a second connection where the first broke, and no third', async () => {
  const once = keeping(broken(true), timedOut)
  expect(await once.ask()).toEqual(timedOut)
  const twice = keeping(broken(true), broken(true), timedOut)
  expect(await twice.ask()).toEqual(closed)
  expect(twice.opened()).toBe(2)
})

test('a connection that never stood is not tried again', async () => {
  const { ask, opened } = keeping(broken(false), timedOut)
  expect(await ask()).toMatchObject({ kind: 'failed' })
  expect(opened()).toBe(1)
  expect(await ask()).toEqual(timedOut)
})
