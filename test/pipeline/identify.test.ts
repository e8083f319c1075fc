import { expect, test } from 'vitest'
import { type AppCatalogue, noApps } from '../../src/model/app.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { factsAbout, identify, proveAt, whenNamesEnd, withNames } from '../../src/pipeline/identify.ts'
import { claimed, endpoint, ip, NOON, placed } from '../policy/words.ts'

const flow = (asked: string): Flow => ({
  id: 'a-flow' as FlowId,
  openedAt: NOON,
  inbound: 'office',
  network: 'tcp',
  client: { host: ip('192.0.2.10'), port: 50_000 },
  who: anonymous,
  asked: endpoint(asked),
})

test('the name that was asked for is proved, since Ringfence itself resolves it', () =>
  expect(identify(flow('zoom.us:443'), NOON, noApps)).toEqual({
    network: 'tcp',
    port: 443,
    inbound: 'office',
    client: '192.0.2.10',
    who: anonymous,
    at: NOON,
    catalogue: noApps,
    namedApps: [],
    recalled: [],
    names: [{ name: 'zoom.us', origin: 'asked', provedAt: 'everywhere' }],
    namesFinal: false,
    anyName: false,
  }))

test('an address that was asked for is no name', () => {
  expect(identify(flow('198.51.100.7:443'), NOON, noApps).names).toEqual([])
})

test('an address and its place make facts; without them they are not known yet', () => {
  const known = identify(flow('zoom.us:443'), NOON, noApps)
  const location = placed('198.51.100.7', { A: 'US' })
  const { catalogue: _, namedApps: __, recalled: ___, ...flowFacts } = known
  expect(factsAbout(known, location)).toEqual({ ...flowFacts, apps: [], address: '198.51.100.7', location })
  expect(factsAbout(known, undefined)).toEqual({ ...flowFacts, apps: [], address: undefined, location: undefined })
})

test('apps come from names, as far as those are proved, and from the published range of the address', () => {
  const [zoom, meet] = ['zoom', 'meet'].map((id) => ({ id, name: id, categories: [], company: null }))
  if (zoom === undefined || meet === undefined) throw new Error('two were made')
  const catalogue: AppCatalogue = {
    ...noApps,
    named: (name) => (name.endsWith('zoom.us') ? [zoom] : []),
    at: (address) => (address === '198.51.100.7' ? [meet] : []),
  }
  const known = identify(flow('zoom.us:443'), NOON, catalogue)
  const asked = { app: zoom, origin: 'asked', name: 'zoom.us', provedAt: 'everywhere' }
  expect(factsAbout(known, undefined).apps).toEqual([asked])
  expect(factsAbout(known, placed('198.51.100.8')).apps).toEqual([asked])
  expect(factsAbout(known, placed('198.51.100.7')).apps).toEqual([
    asked,
    { app: meet, origin: 'range', name: null, provedAt: 'everywhere' },
  ])
  const claim = claimed('us04web.zoom.us')
  expect(withNames(known, [claim]).namedApps).toEqual([{ app: zoom, origin: 'sni', name: 'us04web.zoom.us', provedAt: claim.provedAt }])
})

test('when names end, nothing else changes', () => {
  const known = identify(flow('zoom.us:443'), NOON, noApps)
  expect(whenNamesEnd(known)).toEqual({ ...known, namesFinal: true })
  expect(known.namesFinal).toBe(false)
})

test('a claim is proved at the addresses of its look-up, and the claim itself is left as it was', () => {
  const claim = claimed('zoom.us')
  expect(proveAt(claim, [ip('198.51.100.7')])).toEqual({ ...claim, provedAt: new Set(['198.51.100.7']) })
  expect(claim.provedAt).toEqual(new Set())
})
