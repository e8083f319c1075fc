import { expect, test } from 'vitest'
import { allFailed, dialCodeOf, dialFailure } from '../../src/egress/dial-failure.ts'
import { pinned } from './support.ts'

const errno = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

test.each([
  ['ECONNREFUSED', 'dial.refused'],
  ['ETIMEDOUT', 'dial.timeout'],
  ['ENETUNREACH', 'dial.network-unreachable'],
  ['EHOSTUNREACH', 'dial.host-unreachable'],
  ['EPERM', 'dial.host-unreachable'],
  ['ECONNRESET', 'dial.failed'],
  ['EMFILE', 'limit.descriptors'],
  ['ENFILE', 'limit.descriptors'],
  ['EINVAL', 'dial.failed'],
])('%s is %s', (code, wanted) => {
  expect(dialCodeOf(errno(code))).toBe(wanted)
})

test('one failure names the address, the reason, and the errno where that tells more', () => {
  const cause = errno('EINVAL')
  expect(dialFailure(pinned('203.0.113.7:443'), 'dial.refused', errno('ECONNREFUSED')).message).toBe(
    'no connection to 203.0.113.7:443 (refused)',
  )
  expect(dialFailure(pinned('[2001:db8::1]:443'), 'dial.failed', cause)).toMatchObject({
    message: 'no connection to [2001:db8::1]:443 (failed: EINVAL)',
    cause,
  })
})

const failing = (to: string, code: Parameters<typeof dialFailure>[1]) => ({ to: pinned(to), error: dialFailure(pinned(to), code) })

test('several failures are one error that names every address and keeps every cause', () => {
  const timeout = failing('[2001:db8::1]:443', 'dial.timeout')
  const refused = failing('203.0.113.7:443', 'dial.refused')
  const error = allFailed([timeout, refused])
  expect(error).toMatchObject({
    code: 'dial.refused',
    message: 'no connection to [2001:db8::1]:443 (timed out), 203.0.113.7:443 (refused)',
  })
  expect((error.cause as AggregateError).errors).toEqual([timeout.error, refused.error])
})

test('an unreachable IPv6 address does not hide that IPv4 timed out', () => {
  expect(allFailed([failing('[2001:db8::1]:443', 'dial.network-unreachable'), failing('203.0.113.7:443', 'dial.timeout')]).code).toBe(
    'dial.timeout',
  )
})

test('a single failure stays itself', () => {
  const only = failing('203.0.113.7:443', 'dial.timeout')
  expect(allFailed([only])).toBe(only.error)
})
