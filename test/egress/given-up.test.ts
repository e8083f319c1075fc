import { expect, test } from 'vitest'
import { givenUp } from '../../src/egress/given-up.ts'
import { RingfenceError } from '../../src/model/errors.ts'

const give = (signal: AbortSignal) => givenUp(signal, 'dial.timeout', 'connecting to 192.0.2.1:443')

test('an abort without a reason means that the client left', () => {
  expect(give(AbortSignal.abort())).toMatchObject({ code: 'client.gone', message: 'the client left while connecting to 192.0.2.1:443' })
})

test('a reason with a code is passed on', () => {
  const shutdown = new RingfenceError('run.shutdown', 'shutting down')
  expect(give(AbortSignal.abort(shutdown))).toBe(shutdown)
})

test('a deadline is a timeout of whoever waited', () => {
  expect(give(AbortSignal.abort(new DOMException('', 'TimeoutError')))).toMatchObject({ code: 'dial.timeout' })
})
