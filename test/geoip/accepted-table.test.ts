import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AcceptingWorld, acceptByHand, keepAccepted, openAccepted } from '../../src/geoip/accepted-table.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { ip, noCompanies, specOf } from './support.ts'

const database = (eight: string, fiftyTwo: string | null, built: string) =>
  mmdb({
    networks: [['8.0.0.0/8', { country_code: eight }], ...(fiftyTwo === null ? [] : [['52.0.0.0/8', { country_code: fiftyTwo }] as const])],
    built,
  })

function setUp(content: Buffer | string = database('US', 'CN', '2026-06-01')) {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-accepted-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.mmdb')
  writeFileSync(file, content)
  const ledger = join(folder, 'accepted.json')
  const world: AcceptingWorld = {
    companies: noCompanies,
    cache: join(folder, 'cache'),
    ledger,
    isForbidden: ({ possible }) => possible.includes('CN' as never),
  }
  const open = async (change: Partial<AcceptingWorld> = {}, specs = [specOf({ files: [file] })]) =>
    openAccepted(specs, { ...world, ...change })
  const start = async () => {
    const { table } = await open()
    if (table === null) throw new Error('no table')
    await keepAccepted(table, ledger)
    return table
  }
  return { folder, ledger, open, start, replace: (fresh: Buffer | string) => writeFileSync(file, fresh) }
}

test('the first data is taken, and so is newer data', async () => {
  const { open, start, replace } = setUp()
  const first = await start()
  replace(database('DE', 'CN', '2026-07-01'))
  const { table, refused } = await open()
  expect(refused).toBeNull()
  expect(table?.hash).not.toBe(first.hash)
  expect(table?.locate(ip('8.8.8.8')).best).toBe('DE')
})

test.each<[what: string, fresh: Buffer | string, why: RegExp]>([
  ['a damaged file', 'no database', /a\.mmdb: not an mmdb file/],
  ['an older edition', database('US', 'CN', '2026-05-01'), /^a: its data is of 2026-05-01, older than that of 2026-06-01/],
  [
    'one that lost most of its coverage',
    mmdb({ networks: [['8.0.0.0/16', { country_code: 'US' }]], built: '2026-07-01' }),
    /^a: it speaks of 0\.2 % of the IPv4 addresses/,
  ],
  [
    'one that moves a forbidden territory',
    database('US', 'US', '2026-07-01'),
    /^100 % of the IPv4 space that the policy forbids .*"ringfence geoip update --accept" takes it$/,
  ],
])('%s is refused with the reason, and the last good data is used, also after a restart', async (_, fresh, why) => {
  const { open, start, replace } = setUp()
  const first = await start()
  replace(fresh)
  for (let restart = 0; restart < 2; restart++) {
    const { table, refused } = await open()
    expect(refused?.why).toMatch(why)
    expect(table?.hash).toBe(first.hash)
  }
})

test('a person’s word is taken once, for the data that it was given for', async () => {
  const { open, start, replace, ledger } = setUp()
  await start()
  replace(database('US', 'US', '2026-07-01'))
  const { refused } = await open()
  await acceptByHand(refused?.key ?? '', ledger)
  const { table, refused: now } = await open()
  expect(now).toBeNull()
  if (table !== null) await keepAccepted(table, ledger)
  expect(JSON.parse(readFileSync(ledger, 'utf8'))).toMatchObject({ key: refused?.key, accepted: null })
  replace(database('US', 'CN', '2026-01-01'))
  expect((await open()).refused?.why).toMatch(/older/)
})

test('another set of sources is the operator’s own word', async () => {
  const { open, start, folder } = setUp()
  await start()
  const more = join(folder, 'b.csv')
  writeFileSync(more, '52.0.0.0,52.255.255.255,US\n')
  const specs = [specOf({ files: [more], format: 'csv', name: 'b', date: '2026-01-01' })]
  expect((await open({}, specs)).refused).toBeNull()
})

test('where nothing was ever good, or the last good data is gone from the cache, there is none', async () => {
  const bad = setUp('no database')
  expect(await bad.open()).toMatchObject({ table: null, refused: { key: null, why: expect.stringContaining('a.mmdb') } })
  const { open, start, replace, folder } = setUp()
  await start()
  replace('no database')
  rmSync(join(folder, 'cache'), { recursive: true })
  expect((await open()).table).toBeNull()
})

test('a damaged ledger takes nothing for accepted', async () => {
  const { open, start, ledger } = setUp()
  await start()
  writeFileSync(ledger, '{')
  expect(await open()).toMatchObject({ table: null, refused: { why: expect.stringMatching(/accepted\.json: damaged; remove it/) } })
})

test('without a ledger everything that can be read is taken', async () => {
  const { open, start, replace } = setUp()
  await start()
  replace(database('US', 'CN', '2020-01-01'))
  expect((await open({ ledger: null })).refused).toBeNull()
  expect((await open()).refused).not.toBeNull()
  await expect(acceptByHand('a'.repeat(64), null)).rejects.toThrow('the data is locked')
})
