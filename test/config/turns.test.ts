import { expect, test } from 'vitest'
import { Turns } from '../../src/config/turns.ts'
import { never } from '../support/socket-pair.ts'

/** Takes turns, and notes in which order they came. */
function queue(atOnce: number) {
  const turns = new Turns(atOnce)
  const order: string[] = []
  const done: (() => void)[] = []
  const ask = (from: string, signal = never) => {
    const turn = turns.take(from, signal).then((finish) => {
      order.push(from)
      done.push(finish)
    })
    turn.catch(() => undefined)
    return turn
  }
  /** Ends the oldest turn, until nobody waits. */
  const drain = async () => {
    await settled()
    while (done.length > 0) {
      done.shift()?.()
      await settled()
    }
    return order
  }
  return { turns, ask, done, drain, order }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('so many are served at once, the others when one is done', async () => {
  const { ask, done, order } = queue(2)
  for (const from of ['a', 'b', 'c']) void ask(from)
  await settled()
  expect(order).toEqual(['a', 'b'])
  done[0]?.()
  await settled()
  expect(order).toEqual(['a', 'b', 'c'])
})

test('whoever asks often comes in rotation with the others, and each in its own order', async () => {
  const { ask, drain } = queue(1)
  for (const from of ['flood', 'flood', 'flood', 'flood', 'good', 'flood', 'other', 'good']) void ask(from)
  expect(await drain()).toEqual(['flood', 'flood', 'good', 'other', 'flood', 'good', 'flood', 'flood'])
})

test('who gives up is served no more, and keeps nobody from a turn', async () => {
  const { ask, drain } = queue(1)
  const leaving = new AbortController()
  void ask('a')
  const left = ask('b', leaving.signal)
  void ask('c')
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  expect(await drain()).toEqual(['a', 'c'])
})

test('who has given up before gets no turn', async () => {
  const { ask, drain } = queue(1)
  await expect(ask('a', AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  void ask('b')
  expect(await drain()).toEqual(['b'])
})

test('a turn that is given back twice is one', async () => {
  const { turns, order, ask } = queue(1)
  const finish = await turns.take('a', never)
  void ask('b')
  void ask('c')
  finish()
  finish()
  await settled()
  expect(order).toEqual(['b'])
})
