import { expect, test } from 'vitest'
import { destinationFailure, type Hop, hopFailure, hopLeft, say } from '../../../src/egress/upstream/hop.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ip } from '../../support/fake-ports.ts'
import { eventually } from '../../support/proxy-under-test.ts'
import { never, streamPair } from '../../support/socket-pair.ts'

const hop: Hop = { type: 'socks5', server: { host: ip('2001:db8::1'), port: 1080 }, login: null }

test('what goes wrong names the proxy, and what it says of the destination names both', () => {
  expect(hopFailure(hop, 'upstream.refused', 'does not connect at all').message).toBe(
    'the upstream proxy [2001:db8::1]:1080 does not connect at all',
  )
  expect(destinationFailure({ host: ip('192.0.2.1'), port: 80 }, hop, 'dial.timeout', 'status 504')).toMatchObject({
    code: 'dial.timeout',
    message: 'no connection to 192.0.2.1:80 (timed out, says the upstream proxy [2001:db8::1]:1080: status 504)',
  })
})

test('a proxy that has left is told as such, with what the socket said', async () => {
  const { near, far } = await streamPair()
  far.reset()
  await eventually('the reset', () => near.closed.aborted)
  expect(hopLeft(hop, near)).toMatchObject({ code: 'upstream.malformed', cause: { code: 'ECONNRESET' } })
  await expect(say(near, Uint8Array.of(1), hop, never)).rejects.toMatchObject({ code: 'upstream.malformed' })
})

test('what is given up is told by its own reason', async () => {
  const { near } = await streamPair()
  const stop = new StopSource()
  stop.abort(new RingfenceError('policy.cut', 'cut'))
  near.socket.destroy()
  await eventually('the end', () => near.closed.aborted)
  await expect(say(near, Uint8Array.of(1), hop, stop)).rejects.toMatchObject({ code: 'policy.cut' })
})
