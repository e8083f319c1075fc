import { expect, test } from 'vitest'
import { RingfenceError } from '../../src/model/errors.ts'
import { dial } from '../../src/pipeline/dial.ts'
import { pinned, routedDialer } from '../support/fake-ports.ts'
import { silent, startOrigin } from '../support/origin-server.ts'
import { never } from '../support/socket-pair.ts'

const there = pinned('170.114.1.1', 443)
const other = pinned('103.255.1.1', 443)

test('it connects to one of the pinned endpoints', async () => {
  const origin = await startOrigin(silent)
  const dialer = routedDialer({ '170.114.1.1': origin.port })
  const { stream, remote } = await dial([there], dialer, 5_000, [never])
  expect(remote).toEqual(there)
  stream.destroy()
})

test('the deadline is for all attempts together, and names every address', async () => {
  const dialer = routedDialer({ '170.114.1.1': 'silent', '103.255.1.1': 'silent' })
  const startedAt = performance.now()
  const failing = dial([there, other], dialer, 400, [never])
  await expect(failing).rejects.toMatchObject({
    code: 'dial.timeout',
    message: expect.stringMatching(/170\.114\.1\.1:443, 103\.255\.1\.1:443 within 0\.4 s/),
  })
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect(dialer.tried).toEqual(['170.114.1.1:443', '103.255.1.1:443'])
  expect(dialer.pending).toBe(0)
})

test('it is given up when the client leaves', async () => {
  const dialer = routedDialer({ '170.114.1.1': 'silent' })
  const gone = new AbortController()
  const failing = dial([there], dialer, 60_000, [gone.signal])
  expect(dialer.pending).toBe(1)
  gone.abort()
  await expect(failing).rejects.toMatchObject({ code: 'client.gone' })
  expect(dialer.pending).toBe(0)
})

test('a client that has left already costs no attempt', async () => {
  const dialer = routedDialer({ '170.114.1.1': 'silent' })
  await expect(dial([there], dialer, 60_000, [AbortSignal.abort()])).rejects.toMatchObject({ code: 'client.gone' })
  expect(dialer.tried).toEqual([])
})

test('what the dialer says stands', async () => {
  await expect(dial([there], routedDialer({}), 5_000, [never])).rejects.toMatchObject({ code: 'dial.refused' })
  const bug = new Error('a fault of ours')
  await expect(dial([there], { dial: () => Promise.reject(bug) }, 5_000, [never])).rejects.toBe(bug)
  expect(bug).not.toBeInstanceOf(RingfenceError)
})
