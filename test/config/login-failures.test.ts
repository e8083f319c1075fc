import { expect, test } from 'vitest'
import { type Burst, LoginFailures } from '../../src/config/login-failures.ts'
import { ip } from '../support/fake-ports.ts'

const [here, there] = [ip('10.0.0.1'), ip('10.0.0.2')]

function counting(perMinute = 10) {
  const world = { now: 0 }
  const told: Burst[] = []
  const failures = new LoginFailures(
    perMinute,
    () => world.now,
    (burst) => told.push(burst),
  )
  const fail = (count: number, name = 'anna', client = here) => {
    for (let i = 0; i < count; i++) failures.failed(name, client)
  }
  return { world, told, failures, fail }
}

test('after so many failures a client waits until time has made one good', () => {
  const { world, failures, fail } = counting()
  fail(9)
  expect(failures.waitMs('anna', here)).toBe(0)
  fail(1)
  expect(failures.waitMs('anna', here)).toBe(6_000)
  expect(failures.waitMs('bob', here)).toBe(6_000)
  world.now = 5_999
  expect(failures.waitMs('anna', here)).toBeGreaterThan(0)
  world.now = 6_000
  expect(failures.waitMs('anna', here)).toBe(0)
  fail(1)
  expect(failures.waitMs('anna', here)).toBe(6_000)
})

test('a name that others failed by waits too, whether or not there is such a user, and other names do not', () => {
  const { failures, fail } = counting()
  fail(10, 'anna', here)
  expect(failures.waitMs('anna', there)).toBe(6_000)
  expect(failures.waitMs('bob', there)).toBe(0)
})

test('whoever has logged in from there before is kept out by nobody but themselves', () => {
  const { failures, fail } = counting()
  failures.succeeded('anna', here)
  fail(10, 'bob', here)
  fail(10, 'anna', there)
  expect(failures.waitMs('anna', here)).toBe(0)
  expect(failures.waitMs('carl', here)).toBeGreaterThan(0)
  fail(10, 'anna', here)
  expect(failures.waitMs('anna', here)).toBe(6_000)
  // Success is no way to win further guesses.
  failures.succeeded('anna', here)
  expect(failures.waitMs('anna', here)).toBe(6_000)
})

test('all of an IPv6 network of 64 bits is one client', () => {
  const { failures, fail } = counting()
  for (let i = 1; i <= 10; i++) fail(1, `name-${i}`, ip(`2001:db8::${i}`))
  expect(failures.waitMs('anna', ip('2001:db8::99'))).toBeGreaterThan(0)
  expect(failures.waitMs('anna', ip('2001:db8:0:1::99'))).toBe(0)
})

test('a burst is told once, and another one once more', () => {
  const { world, told, failures, fail } = counting()
  fail(10)
  for (let i = 0; i < 50; i++) failures.waitMs('anna', here)
  expect(told).toEqual([{ client: here, byName: false }])
  failures.waitMs('anna', there)
  expect(told.slice(1)).toEqual([{ client: there, byName: true }])
  world.now = 3_600_000
  fail(10)
  failures.waitMs('anna', here)
  expect(told).toHaveLength(3)
})

test('a hundred thousand names and clients are not all remembered', () => {
  const { failures } = counting(1)
  for (let i = 0; i < 20_000; i++) failures.failed(`name-${i}`, ip(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`))
  expect(failures.waitMs('name-19999', there)).toBeGreaterThan(0)
  expect(failures.waitMs('name-0', ip('192.0.2.1'))).toBe(0)
})
