import { expect, onTestFinished, test } from 'vitest'
import { connectTo, exchange } from '../../../src/cli/setup-check/connect.ts'
import { freePort } from '../../support/listening-program.ts'
import { serverSaying } from './made-up.ts'

test('who listens is reached, and what is said is read to its end or as far as wanted', async () => {
  const port = await serverSaying('hello\r\nand more')
  const ask = async (isWhole: (read: Buffer) => boolean) => {
    const connected = await connectTo({ host: '127.0.0.1', port })
    if (connected.kind !== 'open') throw new Error(connected.kind)
    onTestFinished(() => void connected.socket.destroy())
    return (await exchange(connected.socket, 'x', isWhole)).toString()
  }
  expect(await ask(() => false)).toBe('hello\r\nand more')
  expect(await ask((read) => read.includes('\n'))).toMatch(/^hello\r\n/)
})

test('where nobody listens it is refused', async () => {
  expect(await connectTo({ host: '127.0.0.1', port: await freePort() })).toEqual({ kind: 'refused', code: 'ECONNREFUSED' })
})

test('an address that no host can have is never open', async () => {
  expect((await connectTo({ host: '255.255.255.255', port: 9 })).kind).not.toBe('open')
})

test('a silent peer is waited for no longer than the deadline', async () => {
  const port = await serverSaying(null)
  const connected = await connectTo({ host: '127.0.0.1', port })
  if (connected.kind !== 'open') throw new Error(connected.kind)
  onTestFinished(() => void connected.socket.destroy())
  expect(await exchange(connected.socket, 'x', () => false, 50)).toHaveLength(0)
})
