import { expect, test } from 'vitest'
import { Flights } from '../../../src/egress/resolver/flights.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { type Stop, StopSource } from '../../../src/model/stop.ts'
import { name } from '../support.ts'

const a = name('a.test')

/** Look-ups that end when the test says so. */
function flights() {
  const started: { readonly stop: Stop; land(value: string): void; crash(error: Error): void }[] = []
  const all = new Flights<string>((_name, stop) => new Promise((land, crash) => void started.push({ stop, land, crash })))
  return { all, started }
}

test('all who ask while it is under way share it; who asks afterwards starts another', async () => {
  const { all, started } = flights()
  const both = [all.join(a, new StopSource()), all.join(a, new StopSource())]
  started[0]?.land('answer')
  expect(await Promise.all(both)).toEqual(['answer', 'answer'])
  expect(started).toHaveLength(1)
  void all.join(a, new StopSource())
  expect(started).toHaveLength(2)
})

test('it is given up with the last who leaves, and not before', async () => {
  const { all, started } = flights()
  const [first, second] = [new StopSource(), new StopSource()]
  const left = [all.join(a, first), all.join(a, second)]
  first.abort(new Error('gone'))
  expect(started[0]?.stop.aborted).toBe(false)
  second.abort(new RingfenceError('run.shutdown', 'shutting down'))
  expect(started[0]?.stop.aborted).toBe(true)
  await expect(left[0]).rejects.toMatchObject({ code: 'client.gone' })
  await expect(left[1]).rejects.toMatchObject({ code: 'run.shutdown' })
  // Nobody waits for how it ends.
  started[0]?.crash(new Error('nobody listens'))
  void all.join(a, new StopSource())
  expect(started).toHaveLength(2)
})

test('who comes with a signal that has fired starts nothing', async () => {
  const { all, started } = flights()
  const gone = new StopSource()
  gone.abort(new Error('gone'))
  await expect(all.join(a, gone)).rejects.toMatchObject({ code: 'client.gone' })
  await expect(all.join(a, AbortSignal.abort(new DOMException('late', 'TimeoutError')))).rejects.toMatchObject({ code: 'resolve.timeout' })
  expect(started).toEqual([])
})

test('a failure reaches all of them', async () => {
  const { all, started } = flights()
  const both = [all.join(a, new StopSource()), all.join(a, new StopSource())]
  started[0]?.crash(new Error('broken'))
  for (const one of both) await expect(one).rejects.toThrow('broken')
})
