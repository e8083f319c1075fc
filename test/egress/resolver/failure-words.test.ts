import { expect, test } from 'vitest'
import { connectionFailed } from '../../../src/egress/resolver/failure-words.ts'

test.each([
  ['ECONNREFUSED', 'could not be reached'],
  ['ENETUNREACH', 'could not be reached'],
  ['ENETDOWN', 'could not be reached'],
  ['EPERM', 'could not be reached'],
  ['ECONNRESET', 'closed the connection'],
  ['ESOMETHING', 'ESOMETHING'],
])('%s: %s', (code, why) => {
  const cause = Object.assign(new Error('inner words'), { code })
  expect(connectionFailed(cause)).toEqual({ kind: 'failed', why, cause })
})

test.each([
  ['EMFILE', 'no file descriptor is left to this process: see ulimit -n'],
  ['ENFILE', 'no file descriptor is left on this machine: see sysctl fs.file-max'],
])('%s is nothing that a server did', (code, why) => {
  const cause = Object.assign(new Error('inner words'), { code })
  expect(connectionFailed(cause)).toEqual({ kind: 'exhausted', why, cause })
})

test('what has no code still has words', () => {
  expect(connectionFailed('?')).toMatchObject({ why: 'the connection failed' })
})
