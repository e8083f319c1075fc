import { expect, test } from 'vitest'
import { destinationFailure, type Hop, hopFailure, hopLeft, say, soon } from '../../../src/egress/upstream/hop.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { type Stop, StopSource } from '../../../src/model/stop.ts'
import { ip } from '../../support/fake-ports.ts'
import { eventually } from '../../support/proxy-under-test.ts'
import { never, streamPair } from '../../support/socket-pair.ts'

const hop: Hop = { type: 'socks5', server: { host: ip('2001:db8::1'), port: 1080 }, login: null, tls: null }

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
  near.wire.destroy()
  await eventually('the end', () => near.closed.aborted)
  await expect(say(near, Uint8Array.of(1), hop, stop)).rejects.toMatchObject({ code: 'policy.cut' })
})

test('what a proxy must say by itself comes soon, or the proxy is out of order', async () => {
  await expect(soon(hop, never, async () => 'a word', 20)).resolves.toBe('a word')
  const waiting = soon(hop, never, untilStopped, 20)
  await expect(waiting).rejects.toMatchObject({
    code: 'upstream.unreachable',
    message: 'the upstream proxy [2001:db8::1]:1080 takes connections, and says nothing within 0.02 s',
  })
})

test('a wait that is given up for another reason tells that reason', async () => {
  const stop = new StopSource()
  const waiting = soon(hop, stop, untilStopped)
  stop.abort(new RingfenceError('client.gone', 'the client left'))
  await expect(waiting).rejects.toMatchObject({ code: 'client.gone' })
  await expect(soon(hop, stop, untilStopped)).rejects.toMatchObject({ code: 'client.gone' })
})

const untilStopped = (stop: Stop): Promise<never> =>
  new Promise((_, reject) => {
    if (stop.aborted) reject(stop.reason)
    stop.addEventListener('abort', () => reject(stop.reason))
  })
