import { expect, test, vi } from 'vitest'
import { stopOnSignals } from '../../src/cli/signals.ts'

// What a second signal does to open flows is shown on a process, in commands/run.test.ts.

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

test('the first signal stops, the same wish said twice is one, and nobody listens afterwards', async () => {
  const before = listeners()
  const asked: string[] = []
  let stopped = () => {}
  const stopping = new Promise<void>((resolve) => {
    stopped = resolve
  })
  const ended = stopOnSignals(
    (signal) => {
      asked.push(signal)
      return stopping
    },
    () => Promise.reject(new Error('nobody is in a hurry')),
  )
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGTERM', 'SIGTERM')
  expect(asked).toEqual(['SIGINT'])
  stopped()
  await ended
  expect(listeners()).toBe(before)
})

test('what goes wrong while stopping is told', async () => {
  const ended = stopOnSignals(
    () => Promise.reject(new Error('disk full')),
    () => Promise.resolve(),
  )
  process.emit('SIGTERM', 'SIGTERM')
  await expect(ended).rejects.toThrow('disk full')
})

test('a second signal is a hurry, a third ends the process', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('gone')
  })
  const later = () => new Promise((resolve) => setTimeout(resolve, 200))
  const asked: string[] = []
  let done = () => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const step = (what: string) => (signal: string) => {
    asked.push(`${what} ${signal}`)
    return all
  }
  const ended = stopOnSignals(step('stop'), step('hurry'))
  process.emit('SIGINT', 'SIGINT')
  await later()
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  expect(asked).toEqual(['stop SIGINT', 'hurry SIGINT'])
  expect(exit).not.toHaveBeenCalled()
  await later()
  expect(() => process.emit('SIGTERM', 'SIGTERM')).toThrow('gone')
  expect(exit).toHaveBeenCalledWith(0)
  done()
  await ended
})
