import { expect, onTestFinished, test, vi } from 'vitest'
import { createDirect } from '../../../src/egress/direct.ts'
import { createEgress, createUpstreamDialer } from '../../../src/egress/upstream/dialer.ts'
import type { Hop } from '../../../src/egress/upstream/hop.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ip, pinned } from '../../support/fake-ports.ts'
import { eventually } from '../../support/proxy-under-test.ts'
import { never } from '../../support/socket-pair.ts'
import { hex } from '../../wire/support.ts'
import { scriptedProxy, type Turn } from './scripted-proxy.ts'

const one = pinned('203.0.113.1', 443)
const two = pinned('203.0.113.2', 443)

const greets: Turn = { after: 3, say: hex('05 00') }
const opens: readonly Turn[] = [greets, { after: 13, say: hex('05 00 00 01 00000000 0000') }]
const says = (code: string): readonly Turn[] => [greets, { after: 13, say: hex(`05 ${code} 00 01 00000000 0000`) }]

const socks5 = (port: number): Hop => ({ type: 'socks5', server: { host: ip('127.0.0.1'), port }, login: null, tls: null })
const at = (port: number) => pinned('127.0.0.1', port)

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

function dialerOf(first: number, ...others: readonly number[]) {
  return createUpstreamDialer({
    hops: [socks5(first), ...others.map(socks5)],
    attempt: createDirect({ attemptMs: 500 }),
    via: null,
    delayMs: 50,
  })
}

test('what is reached says where, and through which proxy', async () => {
  const proxy = await scriptedProxy(opens)
  const { stream, remote, via, connectMs } = await dialerOf(proxy.port).dial([one], never, [at(proxy.port)])
  expect({ remote, via }).toEqual({ remote: one, via: { host: '127.0.0.1', port: proxy.port } })
  expect(connectMs).toBeGreaterThanOrEqual(0)
  stream.destroy()
})

test('a proxy that cannot be reached, or is none, gives way to the next', async () => {
  const [gone, none, good] = [
    await closedPort(),
    await scriptedProxy([{ after: 1, say: 'HTTP/1.1 400\r\n\r\n' }]),
    await scriptedProxy(opens),
  ]
  const dialer = dialerOf(gone, none.port, good.port)
  const { stream, via } = await dialer.dial([one], never, [at(gone), at(none.port), at(good.port)])
  expect(via?.port).toBe(good.port)
  stream.destroy()
  await eventually('both connections closed', () => none.open === 0 && good.open === 0)
})

test('a proxy that greets nobody gives way to the next, in time for that one to answer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const [mute, good] = [await scriptedProxy([]), await scriptedProxy(opens)]
  const dial = dialerOf(mute.port, good.port).dial([one], never, [at(mute.port), at(good.port)])
  while (mute.received[0]?.length !== 3) await new Promise((resolve) => setImmediate(resolve))
  vi.advanceTimersByTime(4_000)
  const { stream, via } = await dial
  expect(via?.port).toBe(good.port)
  stream.destroy()
})

test('only the hops that were permitted are used', async () => {
  const [first, second] = [await scriptedProxy(opens), await scriptedProxy(opens)]
  const { stream, via } = await dialerOf(first.port, second.port).dial([one], never, [at(second.port)])
  expect(via?.port).toBe(second.port)
  expect(first.received).toEqual([])
  stream.destroy()
})

test('a refusal is the answer: no other proxy is tried', async () => {
  const [refuses, good] = [await scriptedProxy(says('02')), await scriptedProxy(opens)]
  const dial = dialerOf(refuses.port, good.port).dial([one], never, [at(refuses.port), at(good.port)])
  await expect(dial).rejects.toMatchObject({ code: 'upstream.refused' })
  expect(good.received).toEqual([])
})

test('an address that the proxy cannot reach gives way to the next address', async () => {
  const proxy = await scriptedProxy(says('05'))
  const dial = dialerOf(proxy.port).dial([one, two], never, [at(proxy.port)])
  await expect(dial).rejects.toMatchObject({
    code: 'dial.refused',
    message: 'no connection to 203.0.113.1:443 (refused), 203.0.113.2:443 (refused)',
  })
  expect(proxy.received.map((bytes) => bytes.subarray(-3, -2)[0])).toEqual([1, 2])
})

test('a login that is refused is not tried again for the next address', async () => {
  const proxy = await scriptedProxy([{ after: 3, say: hex('05 ff') }])
  const dial = dialerOf(proxy.port).dial([one, two], never, [at(proxy.port)])
  await expect(dial).rejects.toMatchObject({ code: 'upstream.unauthenticated' })
  expect(proxy.received.length).toBe(1)
})

test('when no proxy works the error names each, once', async () => {
  const [first, second] = [await closedPort(), await closedPort()]
  const dial = dialerOf(first, second).dial([one, two], never, [at(first), at(second)])
  const whys = [first, second].map(
    (port) => `the upstream proxy 127.0.0.1:${port} is not reached: no connection to 127.0.0.1:${port} (refused)`,
  )
  await expect(dial).rejects.toMatchObject({ code: 'upstream.unreachable', message: whys.join('; ') })
})

test('a dial that is given up leaves no connection behind', async () => {
  const proxy = await scriptedProxy([greets])
  const stop = new StopSource()
  const dial = dialerOf(proxy.port).dial([one, two], stop, [at(proxy.port)])
  await eventually('both requests', () => proxy.received.filter((bytes) => bytes.length === 13).length === 2)
  stop.abort(new RingfenceError('client.gone', 'the client left'))
  await expect(dial).rejects.toMatchObject({ code: 'client.gone' })
  await eventually('all closed', () => proxy.open === 0)
})

test('nothing goes round the proxies: neither without a judged hop, nor by a dialler that knows none', async () => {
  const proxy = await scriptedProxy(opens)
  const direct = createDirect()
  await expect(createEgress([socks5(proxy.port)], direct, null).dial([one], never, null)).rejects.toThrow('no hop was judged')
  await expect(createEgress([], direct, null).dial([at(proxy.port)], never, [at(proxy.port)])).rejects.toThrow(
    'nothing here goes through them',
  )
  await expect(dialerOf(proxy.port).dial([one], never, [pinned('127.0.0.1', 1)])).rejects.toThrow('no upstream proxy is set at 127.0.0.1:1')
  expect(proxy.received).toEqual([])
})

test('a proxy that was not reached of late goes last, and is never left out', async () => {
  let now = 0
  const [gone, good] = [await closedPort(), await scriptedProxy(opens)]
  const asked: number[] = []
  const direct = createDirect({ attemptMs: 500 })
  const dialer = createUpstreamDialer({
    hops: [socks5(gone), socks5(good.port)],
    attempt: (to, stop) => {
      asked.push(to.port)
      return direct(to, stop)
    },
    via: null,
    monotonic: () => now,
  })
  const dial = async (...through: readonly [number, ...number[]]) => {
    now++
    const [first, ...others] = through
    const { stream } = await dialer.dial([one], never, [at(first), ...others.map(at)])
    stream.destroy()
    return asked.splice(0)
  }
  expect(await dial(gone, good.port)).toEqual([gone, good.port])
  expect(await dial(gone, good.port)).toEqual([good.port])
  now += 60_000
  expect(await dial(gone, good.port)).toEqual([gone, good.port])
  await expect(dial(gone)).rejects.toMatchObject({ code: 'upstream.unreachable' })
})
