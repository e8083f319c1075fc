import { expect, test } from 'vitest'
import { LookUpPlaces } from '../../../src/egress/resolver/look-up-places.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { name } from '../support.ts'

const a = name('a.test')
const open = (overrides = {}) => new LookUpPlaces({ places: 1, waiting: 2, waitMs: 5_000, ...overrides })

test('who waits gets a place in the order of coming, and one that is given back twice is one', async () => {
  const places = open()
  const order: string[] = []
  const giveBack = await places.take(a, new StopSource())
  const first = places.take(a, new StopSource()).then((give) => [order.push('first'), give] as const)
  const second = places.take(a, new StopSource()).then((give) => [order.push('second'), give] as const)
  giveBack()
  giveBack()
  const [, next] = await first
  expect(order).toEqual(['first'])
  next()
  await second
  expect(order).toEqual(['first', 'second'])
})

test('where too many wait the next is refused', async () => {
  const places = open({ waiting: 1 })
  await places.take(a, new StopSource())
  void places.take(a, new StopSource())
  await expect(places.take(a, new StopSource())).rejects.toMatchObject({
    code: 'resolve.failed',
    message: 'a.test was not looked up: too many look-ups at once (1 are under way and 1 wait)',
  })
})

test('nobody waits for long', async () => {
  const places = open({ waitMs: 20 })
  await places.take(a, new StopSource())
  await expect(places.take(a, new StopSource())).rejects.toMatchObject({
    message: 'a.test was not looked up: too many look-ups at once (1 are under way, and none ended within 0.02 s)',
  })
})

test('who leaves makes room in the line', async () => {
  const places = open({ waiting: 1 })
  const giveBack = await places.take(a, new StopSource())
  const leaving = new StopSource()
  const left = places.take(a, leaving)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  const next = places.take(a, new StopSource())
  giveBack()
  await next
})
