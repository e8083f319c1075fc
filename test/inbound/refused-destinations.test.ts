import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RefusedDestinations } from '../../src/inbound/refused-destinations.ts'
import type { ErrorCode } from '../../src/model/errors.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { ip } from '../support/fake-ports.ts'

const [client, other] = [ip('192.0.2.1'), ip('192.0.2.2')]

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function memory() {
  const told: [string, number][] = []
  const refused = new RefusedDestinations((flow, datagrams) => told.push([flow, datagrams]))
  const add = (from: typeof client, destination: string, code: ErrorCode = 'policy.blocked') =>
    refused.add(from, destination, { code, flow: `flow to ${destination}` as FlowId })
  return { refused, told, add }
}

test('the word of a policy stands for a minute, and then is told how much came', () => {
  const { refused, told, add } = memory()
  add(client, 'a:53')
  expect([refused.drops(client, 'a:53'), refused.drops(client, 'a:54'), refused.drops(other, 'a:53')]).toEqual([true, false, false])
  vi.advanceTimersByTime(59_999)
  expect(refused.drops(client, 'a:53')).toBe(true)
  expect(told).toEqual([])
  vi.advanceTimersByTime(1)
  expect(refused.drops(client, 'a:53')).toBe(false)
  expect(told).toEqual([['flow to a:53', 2]])
})

test('what failed may be tried again after five seconds', () => {
  const { refused, add } = memory()
  add(client, 'a:53', 'resolve.timeout')
  vi.advanceTimersByTime(4_999)
  expect(refused.drops(client, 'a:53')).toBe(true)
  vi.advanceTimersByTime(1)
  expect(refused.drops(client, 'a:53')).toBe(false)
})

test('a client to whom much was refused is not judged any further, until some of it is over', () => {
  const { refused, told, add } = memory()
  for (let i = 0; i < 1_024; i++) add(client, `${i}:53`)
  expect([refused.isFull(client), refused.isFull(other)]).toEqual([true, false])
  vi.advanceTimersByTime(60_000)
  expect(refused.isFull(client)).toBe(false)
  expect(told).toEqual([])
})

test('an IPv6 client is as many addresses as it likes, and what was said to one was not said to the others', () => {
  const { refused, add } = memory()
  for (let i = 0; i < 1_024; i++) add(ip(`2001:db8::${i.toString(16)}`), `${i}:53`)
  expect(refused.isFull(ip('2001:db8::ffff'))).toBe(true)
  expect([refused.drops(ip('2001:db8::1'), '1:53'), refused.drops(ip('2001:db8::ffff'), '1:53')]).toEqual([true, false])
})

test('closed, it tells of all at once', () => {
  const { refused, told, add } = memory()
  for (const destination of ['a:53', 'b:53', 'c:53']) add(client, destination)
  for (const destination of ['a:53', 'a:53', 'c:53']) refused.drops(client, destination)
  refused.close()
  refused.close()
  expect(told).toEqual([
    ['flow to a:53', 2],
    ['flow to c:53', 1],
  ])
  expect(refused.drops(client, 'a:53')).toBe(false)
})
