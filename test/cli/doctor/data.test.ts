import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { data } from '../../../src/cli/doctor/data.ts'
import { keepAccepted } from '../../../src/geoip/accepted-table.ts'
import { NOW, patient, said, states } from './patient.ts'

const DAY = 86_400_000

test('fresh data is well; its age is told by what has moved since', async () => {
  const one = await patient()
  const after = (days: number) => data({ ...one, clock: { now: () => Date.UTC(2026, 5, 1) + days * DAY, monotonic: () => 0 } })
  expect(states(await after(120))).toEqual(['ok'])
  expect(said(await after(121))).toContain(
    'one is 121 days old: more than 0.5 % of addresses have moved since → a newer file, or a further source',
  )
  expect(said(await after(300))).toContain('one is 300 days old: more than 1 % of addresses have moved since')
})

test('embedded data that has a vendor is mended by an update, and operators’ lists of more than a year are told', async () => {
  const one = await patient('geoip: { folder: geoip }\nrecords: { folder: flows }\n')
  const findings = await data({ ...one, clock: { now: () => NOW + 300 * DAY, monotonic: () => 0 } })
  expect(said(findings)).toMatch(/^DB-IP Lite is \d+ days old: .* → ringfence geoip update$/m)
  expect(said(findings)).toMatch(/^older than a year is what these say of themselves: .*Linode.* → ringfence geoip update$/m)
})

test('data that was refused, and none, fail', async () => {
  const one = await patient()
  const { table } = one.opened
  if (table === null) throw new Error('no table')
  await keepAccepted(table, one.location)
  writeFileSync(path.join(one.folder, 'one.mmdb'), 'no database')
  expect(said(await data({ ...one, opened: await one.location.open() }))).toMatch(
    /^newer data was refused, the last good \(up to 2026-06-01\) is in force: .*one\.mmdb.* → ringfence geoip update, ringfence geoip rollback, or put the file right$/,
  )
  expect(said(await data({ ...one, opened: { table: null, refused: null } }))).toMatch(
    /^none is good, so whatever needs a country is blocked: there is none → ringfence geoip update/,
  )
})

test('a damaged file of address ranges of apps is a warning', async () => {
  const one = await patient()
  mkdirSync(path.join(one.folder, 'geoip'))
  writeFileSync(path.join(one.folder, 'geoip', 'app-ranges.json'), '')
  expect(said(await data(one))).toMatch(
    /app-ranges\.json: damaged; the address ranges that come with the program are used → ringfence geoip update --apps-only$/,
  )
})

test('data that is held is mended by a look and a word', async () => {
  const one = await patient()
  const held = { table: one.opened.table, refused: { why: 'a tenth of it', key: 'abc' } }
  expect(said(await data({ ...one, opened: held }))).toMatch(
    /^newer data was refused, .*: a tenth of it → ringfence geoip diff, then ringfence geoip update --accept$/,
  )
})

test('what is to be known of usable data is a hint and no warning', async () => {
  const [finding] = await data(await patient())
  // It knows one network only.
  expect(finding).toEqual({
    state: 'ok',
    says: '1 source in force, the newest of 2026-06-01; ringfence geoip status tells what to know of them',
  })
})
