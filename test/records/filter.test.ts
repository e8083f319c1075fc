import { expect, test } from 'vitest'
import type { CountryCode } from '../../src/model/country.ts'
import type { EventBody } from '../../src/model/event.ts'
import { type FlowFilter, matchesFilter, shownVerdict } from '../../src/records/filter.ts'
import { readFilter } from '../../src/records/filter-query.ts'
import { type FlowEvent, type FlowRecord, recordOf, withEvent } from '../../src/records/record.ts'
import { blocked, candidate, decided, ended, NOON, numbered, wouldBlock } from './made-up.ts'

const record = (...bodies: readonly EventBody[]) => recordOf((numbered(bodies) as readonly FlowEvent[]).reduce(withEvent, {})) as FlowRecord
const matches = (filter: FlowFilter, of: FlowRecord) => matchesFilter(filter, of)
const CN = { countries: ['CN' as CountryCode] }

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
