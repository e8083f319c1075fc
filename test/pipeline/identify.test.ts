import { expect, test } from 'vitest'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { factsAbout, identify, proveAt, whenNamesEnd } from '../../src/pipeline/identify.ts'
import { claimed, endpoint, ip, NOON, placed } from '../policy/words.ts'

const flow = (asked: string): Flow => ({
  id: 'a-flow' as FlowId,
  openedAt: NOON,
  inbound: 'office',
  network: 'tcp',
  client: { host: ip('192.0.2.10'), port: 50_000 },
  asked: endpoint(asked),
})

test('the name that was asked for is proved, since Ringfence itself resolves it', () =>
  expect(identify(flow('zoom.us:443'), NOON)).toEqual({
    network: 'tcp',
    port: 443,
    inbound: 'office',
    client: '192.0.2.10',
    at: NOON,
    names: [{ name: 'zoom.us', origin: 'asked', provedAt: 'everywhere' }],
    namesFinal: false,
    anyName: false,
  }))

test('an address that was asked for is no name', () => {
  expect(identify(flow('198.51.100.7:443'), NOON).names).toEqual([])
})

test('an address and its place make facts; without them they are not known yet', () => {
  const known = identify(flow('zoom.us:443'), NOON)
  const location = placed('198.51.100.7', { A: 'US' })
  expect(factsAbout(known, location)).toEqual({ ...known, address: '198.51.100.7', location })
  expect(factsAbout(known, undefined)).toEqual({ ...known, address: undefined, location: undefined })
})

test('when names end, nothing else changes', () => {
  const known = identify(flow('zoom.us:443'), NOON)
  expect(whenNamesEnd(known)).toEqual({ ...known, namesFinal: true })
  expect(known.namesFinal).toBe(false)
})

test('a claim is proved at the addresses of its look-up, and the claim itself is left as it was', () => {
  const claim = claimed('zoom.us')
  expect(proveAt(claim, [ip('198.51.100.7')])).toEqual({ ...claim, provedAt: new Set(['198.51.100.7']) })
  expect(claim.provedAt).toEqual(new Set())
})
