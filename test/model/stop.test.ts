import { expect, test } from 'vitest'
import { type Stop, StopSource, signalOf } from '../../src/model/stop.ts'

const made = {
  'its own': () => new StopSource(),
  "Node's": () => {
    const controller = new AbortController()
    return Object.assign(controller.signal, { abort: (reason: unknown) => controller.abort(reason) })
  },
} satisfies Record<string, () => Stop & { abort(reason: unknown): void }>

for (const [whose, make] of Object.entries(made)) {
  test(`${whose}: the first word counts, and each listener hears it once`, () => {
    const stop = make()
    const heard: unknown[] = []
    stop.addEventListener('abort', () => heard.push(stop.reason))
    stop.abort('first')
    stop.abort('second')
    stop.addEventListener('abort', () => heard.push('too late'))
    expect(heard).toEqual(['first'])
    expect(stop.aborted).toBe(true)
    expect(() => stop.throwIfAborted()).toThrow('first')
  })

  test(`${whose}: who was taken off hears nothing, and the others all do`, () => {
    const stop = make()
    const heard: string[] = []
    const first = () => heard.push('first')
    const second = () => {
      heard.push('second')
      stop.removeEventListener('abort', third)
    }
    const third = () => heard.push('third')
    for (const listener of [first, second, third]) stop.addEventListener('abort', listener)
    stop.removeEventListener('abort', first)
    stop.abort('over')
    expect(heard).toEqual(['second'])
  })
}

test('where Node wants a signal of its own, it says the same', () => {
  const source = new StopSource()
  const signal = signalOf(source)
  expect(signal.aborted).toBe(false)
  const reason = new Error('enough')
  source.abort(reason)
  expect(signal.reason).toBe(reason)
  expect(signalOf(source).reason).toBe(reason)
  const { signal: own } = new AbortController()
  expect(signalOf(own)).toBe(own)
})
