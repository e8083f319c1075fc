import { expect, test } from 'vitest'
import { type Edition, whyHeld, whyImplausible, whyRefused } from '../../src/geoip/acceptance.ts'
import { anchors } from '../../src/geoip/anchors.ts'

const edition = (change: Partial<Edition> = {}): Edition => ({
  name: 'DB-IP',
  date: '2026-06-01',
  sha256: 'a'.repeat(64),
  coverage: { v4: 3_700_000_000, v6: 1_000_000 },
  ...change,
})

const next = (change: Partial<Edition> = {}) => edition({ date: '2026-07-01', sha256: 'b'.repeat(64), ...change })

test('a newer edition with about the same coverage is taken, and so is one of an unknown day', () => {
  expect(whyRefused(edition(), next())).toBeNull()
  expect(whyRefused(edition(), next({ date: '2026-06-01' }))).toBeNull()
  expect(whyRefused(edition(), next({ date: null }))).toBeNull()
  expect(whyRefused(edition(), next({ coverage: { v4: 2_000_000_000, v6: 600_000 } }))).toBeNull()
})

test('an older edition is refused, unless it is the same file', () => {
  expect(whyRefused(edition(), next({ date: '2026-05-31' }))).toBe(
    'DB-IP: its data is of 2026-05-31, older than that of 2026-06-01 which was in force',
  )
  expect(whyRefused(edition(), edition({ date: '2026-05-31' }))).toBeNull()
})

test('a tenth of the coverage is no update, in either family', () => {
  expect(whyRefused(edition(), next({ coverage: { v4: 370_000_000, v6: 1_000_000 } }))).toBe(
    'DB-IP: it speaks of 10 % of the IPv4 addresses that it spoke of before',
  )
  expect(whyRefused(edition(), next({ coverage: { v4: 3_700_000_000, v6: 7_000 } }))).toBe(
    'DB-IP: it speaks of 0.7 % of the IPv6 networks that it spoke of before',
  )
  expect(whyRefused(edition({ coverage: { v4: 10, v6: 0 } }), next({ coverage: { v4: 10, v6: 0 } }))).toBeNull()
})

test('much of a forbidden country out of the territory waits for a word; a little does not, however large the country', () => {
  const of = { v4: 340_000_000, v6: 10_000_000 }
  const china = { country: 'CN' as never, of }
  expect(whyHeld([{ ...china, out: { v4: 1_000_000, v6: 0 } }])).toBeNull()
  expect(whyHeld([{ ...china, out: { v4: 34_000_000, v6: 0 } }])).toBe(
    '10 % of the IPv4 space that the policy forbids in China (CN) (34,000,000 addresses) would be outside of it',
  )
  expect(whyHeld([{ ...china, out: { v4: 0, v6: 5_000_000 } }])).toMatch(/^50 % of the IPv6 space/)
  // A small country of which a block moves, and one that moves whole beside a large one.
  expect(whyHeld([{ country: 'KP' as never, out: { v4: 128, v6: 0 }, of: { v4: 1_024, v6: 0 } }])).toBeNull()
  expect(
    whyHeld([
      { ...china, out: { v4: 0, v6: 0 } },
      { country: 'KP' as never, out: { v4: 1_024, v6: 0 }, of: { v4: 1_024, v6: 0 } },
    ]),
  ).toMatch(/^100 % of the IPv4 space that the policy forbids in North Korea \(KP\)/)
  expect(whyHeld([{ country: null, out: { v4: 0, v6: 0 }, of: { v4: 0, v6: 0 } }])).toBeNull()
})

test('a voter that misplaces well-known addresses is not what it seems', () => {
  const truth = new Map(anchors.map(({ address, country }) => [address, String(country)]))
  expect(whyImplausible('a', (address) => truth.get(address) ?? null)).toBeNull()
  expect(whyImplausible('a', () => 'US')).toMatch(
    /^a: it misplaces \d+ of \d+ addresses whose place is known \(202\.96\.128\.86 in United States \(US\)\)$/,
  )
  // A few errors are the way of databases.
  let n = 0
  expect(whyImplausible('a', (address) => (n++ < 5 ? 'AQ' : (truth.get(address) ?? null)))).toBeNull()
})

test('a small file of somebody’s own is not judged by addresses that it does not know', () => {
  expect(whyImplausible('ours', () => null)).toBeNull()
  expect(whyImplausible('ours', (address) => (address.startsWith('1') ? null : address.startsWith('2') ? 'AQ' : null))).toBeNull()
})
