import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dialFailure } from '../../src/egress/dial-failure.ts'
import { createDialer, race } from '../../src/egress/happy-eyeballs.ts'
import { formatEndpoint } from '../../src/model/address.ts'
import type { Stop } from '../../src/model/stop.ts'
import type { PinnedEndpoint } from '../../src/model/verdict.ts'
import type { Upstream } from '../../src/pipeline/ports.ts'
import { never, pinned } from './support.ts'

const a = pinned('192.0.2.1:443')
const b = pinned('[2001:db8::1]:443')
const c = pinned('192.0.2.3:443')

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Attempts that end when the test says so; whoever is aborted rejects, as `direct.ts` does. */
function track() {
  const startedAt = new Map<string, number>()
  const aborted: string[] = []
  const discarded: string[] = []
  const open = new Map<string, { resolve: (made: string) => void; reject: (error: unknown) => void }>()
  const begin = Date.now()
  const attempt = (to: PinnedEndpoint, signal: Stop) =>
    new Promise<string>((resolve, reject) => {
      const text = formatEndpoint(to)
      startedAt.set(text, Date.now() - begin)
      open.set(text, { resolve, reject })
      signal.addEventListener('abort', () => aborted.push(text))
    })
  return {
    startedAt: (to: PinnedEndpoint) => startedAt.get(formatEndpoint(to)),
    aborted,
    discarded,
    succeed: (to: PinnedEndpoint) => open.get(formatEndpoint(to))?.resolve(formatEndpoint(to)),
    fail: async (to: PinnedEndpoint, code: Parameters<typeof dialFailure>[1] = 'dial.refused') => {
      open.get(formatEndpoint(to))?.reject(dialFailure(to, code))
      await vi.advanceTimersByTimeAsync(0)
    },
    crash: (to: PinnedEndpoint, error: Error) => open.get(formatEndpoint(to))?.reject(error),
    racing: { attempt, discard: (made: string) => void discarded.push(made) },
  }
}

test('attempts start in the order given, 250 ms apart', async () => {
  const runners = track()
  const won = race([a, b, c], runners.racing, never)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([a, b, c].map(runners.startedAt)).toEqual([0, 250, 500])
  runners.succeed(b)
  expect(await won).toBe('[2001:db8::1]:443')
})

test('an attempt that fails starts the next one at once, and the delay begins anew', async () => {
  const runners = track()
  const won = race([a, b, c], runners.racing, never)
  await vi.advanceTimersByTimeAsync(100)
  await runners.fail(a)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([a, b, c].map(runners.startedAt)).toEqual([0, 100, 350])
  runners.succeed(c)
  await won
})

test('the winner ends the others, starts no more and is not aborted itself', async () => {
  const runners = track()
  const won = race([a, b, c], runners.racing, never)
  await vi.advanceTimersByTimeAsync(250)
  runners.succeed(b)
  await won
  await vi.advanceTimersByTimeAsync(1_000)
  expect(runners.aborted).toEqual(['192.0.2.1:443'])
  expect(runners.startedAt(c)).toBeUndefined()
  expect(vi.getTimerCount()).toBe(0)
})

test('a connection that is made after the race is destroyed', async () => {
  const runners = track()
  const won = race([a, b], runners.racing, never)
  await vi.advanceTimersByTimeAsync(250)
  runners.succeed(a)
  runners.succeed(b)
  expect(await won).toBe('192.0.2.1:443')
  await vi.advanceTimersByTimeAsync(0)
  expect(runners.discarded).toEqual(['[2001:db8::1]:443'])
})

test('when all fail, one error tells of each in the order given', async () => {
  const runners = track()
  const failed = race([a, b], runners.racing, never).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(250)
  await runners.fail(b, 'dial.refused')
  await runners.fail(a, 'dial.timeout')
  expect(await failed).toMatchObject({
    code: 'dial.refused',
    message: 'no connection to 192.0.2.1:443 (timed out), [2001:db8::1]:443 (refused)',
  })
})

test('a client that leaves ends every attempt', async () => {
  const runners = track()
  const client = new AbortController()
  const failed = race([a, b, c], runners.racing, client.signal).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(250)
  client.abort()
  expect(await failed).toMatchObject({ code: 'client.gone' })
  expect(runners.aborted).toEqual(['192.0.2.1:443', '[2001:db8::1]:443'])
  runners.succeed(a)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(runners.discarded).toEqual(['192.0.2.1:443'])
  expect(runners.startedAt(c)).toBeUndefined()
})

test('a client that has left already starts nothing', async () => {
  const runners = track()
  await expect(race([a], runners.racing, AbortSignal.abort())).rejects.toMatchObject({ code: 'client.gone' })
  expect(runners.startedAt(a)).toBeUndefined()
})

test('a bug is not raced over', async () => {
  const runners = track()
  const failed = race([a, b], runners.racing, never).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(250)
  const bug = new TypeError('reached another address')
  runners.crash(a, bug)
  expect(await failed).toBe(bug)
  expect(runners.aborted).toEqual(['[2001:db8::1]:443'])
})

test('the dialer destroys the stream of a late connection', async () => {
  const destroyed: string[] = []
  const made = (to: PinnedEndpoint) =>
    ({ remote: to, stream: { destroy: () => destroyed.push(formatEndpoint(to)) } }) as unknown as Upstream
  const connect: ((upstream: Upstream) => void)[] = []
  const dialed = createDialer(() => new Promise((resolve) => connect.push(resolve))).dial([a, b], never, null)
  await vi.advanceTimersByTimeAsync(250)
  connect[1]?.(made(b))
  connect[0]?.(made(a))
  expect((await dialed).remote).toBe(b)
  expect(destroyed).toEqual(['192.0.2.1:443'])
})
