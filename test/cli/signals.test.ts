import { expect, test } from 'vitest'
import { stopOnSignals } from '../../src/cli/signals.ts'

// That a second signal ends the process at once is shown on a process, in commands/run.test.ts.

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')

test('the first signal stops, the same wish said twice is one, and nobody listens afterwards', async () => {
  const before = listeners()
  const asked: string[] = []
  let stopped = () => {}
  const stopping = new Promise<void>((resolve) => {
    stopped = resolve
  })
  const ended = stopOnSignals((signal) => {
    asked.push(signal)
    return stopping
  })
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGTERM', 'SIGTERM')
  expect(asked).toEqual(['SIGINT'])
  stopped()
  await ended
  expect(listeners()).toBe(before)
})

test('what goes wrong while stopping is told', async () => {
  const ended = stopOnSignals(() => Promise.reject(new Error('disk full')))
  process.emit('SIGTERM', 'SIGTERM')
  await expect(ended).rejects.toThrow('disk full')
})
