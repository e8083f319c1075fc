import { expect, test } from 'vitest'
import { ownOffer } from '../../src/egress/own-offer.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Meter, Upstream } from '../../src/pipeline/ports.ts'
import { ip, name } from '../support/fake-ports.ts'
import { never, streamPair } from '../support/socket-pair.ts'

const flow: Flow = {
  id: 'own-1' as FlowId,
  openedAt: 0,
  inbound: 'update',
  network: 'tcp',
  client: { host: ip('127.0.0.1'), port: 0 },
  who: anonymous,
  asked: { host: { kind: 'name', name: name('updates.test') }, port: 443 },
}

async function upstreamOf() {
  const { near, far } = await streamPair()
  const upstream: Upstream = { stream: near, remote: { host: ip('127.0.0.1'), port: 443 }, via: null, connectMs: 1 }
  return { upstream, far }
}

const offerOf = (run: (upstream: Upstream, meter: Meter, stop: AbortSignal) => Promise<void>, signal: AbortSignal = never) => {
  const told: RingfenceError[] = []
  return { told, offer: ownOffer({ flow, signal, run, failed: (error) => told.push(error) }) }
}

/** Ends when it is told to stop, as an exchange does. */
const untilStopped = (_upstream: Upstream, _meter: Meter, stop: AbortSignal) =>
  new Promise<void>((_resolve, reject) => {
    if (stop.aborted) reject(stop.reason)
    stop.addEventListener('abort', () => reject(stop.reason))
  })

test('it says all it has to say with the request: nothing is held back for names', () => {
  const { offer } = offerOf(async () => undefined)
  expect(offer.firstBytes).toBeNull()
  expect(offer.flow).toBe(flow)
  offer.grant()
})

test('a refusal reaches the caller once, with code and sentence', () => {
  const { offer, told } = offerOf(async () => undefined)
  offer.refuse({ code: 'policy.blocked', sentence: 'Nothing goes there.' })
  offer.refuse({ code: 'bug.unexpected', sentence: 'again' })
  expect(told).toMatchObject([{ code: 'policy.blocked', message: 'Nothing goes there.' }])
})

test('an errand that is done completes the flow and closes the connection', async () => {
  const { upstream, far } = await upstreamOf()
  const { offer, told } = offerOf(async (_upstream, meter) => {
    meter.up = 5
  })
  const meter = { up: 0, down: 0 }
  expect(await offer.relay(upstream, meter, never)).toEqual({ ending: 'completed', code: null, message: null })
  expect(meter.up).toBe(5)
  expect(told).toEqual([])
  await far.receivesEnd()
})

test.each([
  ['relay.idle', 'idle'],
  ['relay.reset', 'reset'],
  ['relay.truncated', 'failed'],
  ['client.gone', 'client-gone'],
] as const)('an errand that fails with %s ends the flow as %s', async (code, ending) => {
  const { upstream } = await upstreamOf()
  const { offer, told } = offerOf(async () => {
    throw new RingfenceError(code, 'it did')
  })
  expect(await offer.relay(upstream, { up: 0, down: 0 }, never)).toEqual({ ending, code, message: 'it did' })
  expect(told).toMatchObject([{ code }])
})

test('a fault of ours is left to the road to report', async () => {
  const { upstream } = await upstreamOf()
  const { offer, told } = offerOf(async () => {
    throw new TypeError('oops')
  })
  await expect(offer.relay(upstream, { up: 0, down: 0 }, never)).rejects.toMatchObject({ code: 'bug.unexpected' })
  expect(told).toMatchObject([{ code: 'bug.unexpected' }])
})

test('a cut by the policy stops it, before or while it runs', async () => {
  for (const early of [true, false]) {
    const { upstream } = await upstreamOf()
    const { offer, told } = offerOf(untilStopped)
    const cut = new AbortController()
    if (early) cut.abort(new RingfenceError('policy.cut', 'No longer.'))
    const relaying = offer.relay(upstream, { up: 0, down: 0 }, cut.signal)
    if (!early) cut.abort('whatever')
    expect(await relaying).toMatchObject({ ending: 'cut', code: 'policy.cut' })
    expect(told).toMatchObject([{ code: 'policy.cut' }])
  }
})

test("the caller's signal stops it: its own accident, a deadline, or a mere wish", async () => {
  const endingOf = async (reason: unknown) => {
    const { upstream } = await upstreamOf()
    const caller = new AbortController()
    const { offer } = offerOf(untilStopped, caller.signal)
    const relaying = offer.relay(upstream, { up: 0, down: 0 }, never)
    caller.abort(reason)
    return (await relaying).ending
  }
  expect(await endingOf(new RingfenceError('run.shutdown', 'stopping'))).toBe('shutdown')
  expect(await endingOf(new DOMException('late', 'TimeoutError'))).toBe('idle')
  expect(await endingOf(undefined)).toBe('client-gone')
})
