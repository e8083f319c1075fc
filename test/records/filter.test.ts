import { expect, test } from 'vitest'
import type { CountryCode } from '../../src/model/country.ts'
import type { EventBody } from '../../src/model/event.ts'
import { type FlowFilter, matchesFilter, shownVerdict } from '../../src/records/filter.ts'
import { readFilter } from '../../src/records/filter-query.ts'
import { type FlowEvent, type FlowRecord, recordOf, withEvent } from '../../src/records/record.ts'
import { blocked, candidate, decided, elsewhere, ended, NOON, numbered, wouldBlock } from './made-up.ts'

const record = (...bodies: readonly EventBody[]) => recordOf((numbered(bodies) as readonly FlowEvent[]).reduce(withEvent, {})) as FlowRecord
const matches = (filter: FlowFilter, of: FlowRecord) => matchesFilter(filter, of)
const CN = { places: ['CN' as CountryCode] }

test('an empty filter keeps everything', () => {
  expect(matches({}, record(decided('a')))).toBe(true)
})

test('a flow that reached an address is found where that may be, any other where one of its addresses may be', () => {
  const candidates = [
    candidate('198.51.100.7', ['US']),
    candidate('52.81.151.250', ['CN'], { permitted: false }),
    candidate('198.51.100.8', ['DE', 'CN']),
  ]
  const flow = decided('a', { would: 'steer', candidates })
  expect(matches(CN, record(flow))).toBe(true)
  expect(matches(CN, record(flow, ended('a', { dialled: '198.51.100.7' })))).toBe(false)
  expect(matches(CN, record(flow, ended('a', { dialled: '198.51.100.8' })))).toBe(true)
  expect(matches(CN, record(flow, ended('a', { dialled: null, ending: 'failed' })))).toBe(true)
  expect(matches(CN, record(blocked('b')))).toBe(true)
  expect(matches(CN, record(decided('c')))).toBe(false)
})

test('a verdict is found under the word that is shown', () => {
  const notFound = { kind: 'error', code: 'resolve.not-found', message: '…' } as const
  const shown = {
    allow: decided('a'),
    log: decided('a', { verdict: 'log', would: 'log' }),
    block: blocked('a'),
    'would-block': wouldBlock('a'),
    'not-reached': blocked('a', { reasons: [notFound] }),
  }
  for (const [word, body] of Object.entries(shown)) expect(shownVerdict(record(body))).toBe(word)
  expect(shownVerdict(record(decided('a', { mode: 'observe', would: 'log' })))).toBe('log')
  expect(shownVerdict(record(decided('a', { would: 'steer' })))).toBe('allow')
  expect(matches({ verdicts: ['allow', 'log'] }, record(wouldBlock('a')))).toBe(false)
})

test('what was allowed and came to no connection is shown as not reached, and found under both words', () => {
  const end = ended('a', { dialled: null, ending: 'failed', code: 'dial.refused' })
  const flow = record(decided('a'), end)
  expect(shownVerdict(flow)).toBe('not-reached')
  expect((['allow', 'not-reached', 'block'] as const).map((word) => matches({ verdicts: [word] }, flow))).toEqual([true, true, false])
  expect(shownVerdict(record(decided('a')))).toBe('allow')
  expect(shownVerdict(record(decided('a', { verdict: 'log', would: 'log' }), end))).toBe('log')
  expect(shownVerdict(record(wouldBlock('a'), end))).toBe('would-block')
  expect(matches({ verdicts: ['steer'] }, record(decided('a', { would: 'steer' }), end))).toBe(true)
})

test('a steered flow is found as steered and as allowed', () => {
  const steered = record(decided('a', { would: 'steer' }))
  expect((['steer', 'allow', 'block'] as const).map((word) => matches({ verdicts: [word] }, steered))).toEqual([true, true, false])
  expect(matches({ verdicts: ['steer'] }, record(decided('a')))).toBe(false)
})

test('a place is found by how sure it is, too', () => {
  const local = {
    judged: [{ ip: '10.0.0.1', scope: 'private', answers: {}, possible: [], best: null, anycast: false, ...elsewhere }],
  } as const
  const flows = {
    local: record(decided('a', { candidates: [candidate('10.0.0.1', [], local)] })),
    disputed: record(decided('a', { candidates: [candidate('203.0.113.5', ['US', 'DE'])] })),
    unknown: record(decided('a', { candidates: [candidate('203.0.113.6', [])] })),
    agreed: record(decided('a')),
  }
  const found = (country: string) =>
    Object.entries(flows).flatMap(([name, flow]) => (matches(readFilter({ country }, 0), flow) ? [name] : []))
  expect(['local', 'disputed', 'Unknown', 'anycast', 'unknown,US'].map(found)).toEqual([
    ['local'],
    ['disputed'],
    ['unknown'],
    [],
    ['disputed', 'unknown', 'agreed'],
  ])
})

test('a host is the asked name, a claimed one, or an address it led to', () => {
  const names = [{ name: 'eu01web.zoom.us', origin: 'sni', proved: false } as const]
  const flow = record(decided('a', { personal: { asked: 'zoom.us', names } }))
  const found = (host: string) => matches(readFilter({ host }, 0), flow)
  expect([found('zoom.us'), found('eu01web.zoom.us'), found('198.51.100.7'), found('web.zoom.us')]).toEqual([true, true, true, false])
  expect([found('*.zoom.us'), found('.us'), found('.oom.us'), found('*.eu01web.zoom.us')]).toEqual([true, true, false, false])
})

test('since is inclusive, until is not, and every part must hold', () => {
  const flow = record(decided('a'))
  expect(matches({ since: NOON }, flow)).toBe(true)
  expect(matches({ since: NOON + 1 }, flow)).toBe(false)
  expect(matches({ until: NOON + 1 }, flow)).toBe(true)
  expect(matches({ until: NOON }, flow)).toBe(false)
  expect(matches({ since: NOON, ...CN }, flow)).toBe(false)
})

test('a flow that may have been flagged is, unless the address that was reached is not', () => {
  const candidates = ['log', 'allow'].map((effect, i) => ({
    ...decided('a').candidates[0],
    ip: `23.192.228.${i}`,
    effect,
    permitted: true,
  })) as ReturnType<typeof decided>['candidates']
  const flagged = decided('a', { verdict: 'log', would: 'log', candidates })
  expect(shownVerdict(record(flagged))).toBe('log')
  expect(shownVerdict(record(flagged, ended('a', { dialled: '23.192.228.0' })))).toBe('log')
  expect(shownVerdict(record(flagged, ended('a', { dialled: '23.192.228.1' })))).toBe('allow')
})
