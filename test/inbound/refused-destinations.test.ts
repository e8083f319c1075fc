import { expect, test } from 'vitest'
import { RefusedDestinations } from '../../src/inbound/refused-destinations.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'

const [client, other] = [ip('192.0.2.1'), ip('192.0.2.2')]

function memory() {
  const clock = new FakeClock()
  return { clock, refused: new RefusedDestinations(() => clock.monotonic()) }
}

test('the word of a policy stands for a minute', () => {
  const { clock, refused } = memory()
  refused.add(client, 'a:53', 'policy.blocked')
  expect([refused.has(client, 'a:53'), refused.has(client, 'a:54'), refused.has(other, 'a:53')]).toEqual([true, false, false])
  clock.advance(59_999)
  expect(refused.has(client, 'a:53')).toBe(true)
  clock.advance(1)
  expect(refused.has(client, 'a:53')).toBe(false)
})

test('what failed may be tried again after five seconds', () => {
  const { clock, refused } = memory()
  refused.add(client, 'a:53', 'resolve.timeout')
  clock.advance(4_999)
  expect(refused.has(client, 'a:53')).toBe(true)
  clock.advance(1)
  expect(refused.has(client, 'a:53')).toBe(false)
})

test('a client to whom much was refused is not judged any further, until some of it is over', () => {
  const { clock, refused } = memory()
  for (let i = 0; i < 1_024; i++) refused.add(client, `${i}:53`, 'policy.blocked')
  expect([refused.isFull(client), refused.isFull(other)]).toEqual([true, false])
  clock.advance(60_000)
  expect(refused.isFull(client)).toBe(false)
})

test('an IPv6 client is as many addresses as it likes', () => {
  const { refused } = memory()
  for (let i = 0; i < 1_024; i++) refused.add(ip(`2001:db8::${i.toString(16)}`), `${i}:53`, 'policy.blocked')
  expect(refused.isFull(ip('2001:db8::ffff'))).toBe(true)
  expect([refused.has(ip('2001:db8::1'), '1:53'), refused.has(ip('2001:db8::ffff'), '1:53')]).toEqual([true, false])
})

test('tidying keeps what stands', () => {
  const { clock, refused } = memory()
  refused.add(client, 'old:53', 'resolve.failed')
  refused.add(client, 'new:53', 'policy.blocked')
  clock.advance(10_000)
  refused.tidy()
  expect([refused.has(client, 'old:53'), refused.has(client, 'new:53')]).toEqual([false, true])
})
