import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { createDirect } from '../../../src/egress/direct.ts'
import type { Hop } from '../../../src/egress/upstream/hop.ts'
import { reach } from '../../../src/egress/upstream/reach.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ip, pinned } from '../../support/fake-ports.ts'
import { never } from '../../support/socket-pair.ts'
import { scriptedProxy } from './scripted-proxy.ts'

const hopAt = (port: number): Hop => ({ type: 'socks5', server: { host: ip('127.0.0.1'), port }, login: null, tls: null })

test('a proxy that listens is reached, and nothing was said to it', async () => {
  const proxy = await scriptedProxy([])
  const { stream, connectMs } = await reach(hopAt(proxy.port), pinned('127.0.0.1', proxy.port), createDirect(), never)
  expect(connectMs).toBeGreaterThanOrEqual(0)
  expect(Buffer.concat(proxy.received.map((bytes) => Buffer.from(bytes)))).toHaveLength(0)
  stream.destroy()
})

test('one that does not is the fault of the proxy, not of the destination', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  await expect(reach(hopAt(port), pinned('127.0.0.1', port), createDirect(), never)).rejects.toMatchObject({
    code: 'upstream.unreachable',
    message: expect.stringContaining(`127.0.0.1:${port} is not reached: `),
  })
})

test('who is not wanted any more says why', async () => {
  const stop = new StopSource()
  stop.abort(new Error('enough'))
  await expect(reach(hopAt(1), pinned('127.0.0.1', 1), createDirect(), stop)).rejects.not.toMatchObject({ code: 'upstream.unreachable' })
})
