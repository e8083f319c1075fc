import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type AcceptingWorld, acceptByHand, keepAccepted, openAccepted, openLastGood } from '../../src/geoip/accepted-table.ts'
import { anchors } from '../../src/geoip/anchors.ts'
import { openTable } from '../../src/geoip/index.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { ip, noCompanies, specOf } from './support.ts'

const database = (eight: string, fiftyTwo: string | null, built: string) =>
  mmdb({
    networks: [['8.0.0.0/8', { country_code: eight }], ...(fiftyTwo === null ? [] : [['52.0.0.0/8', { country_code: fiftyTwo }] as const])],
    built,
  })

const good = database('US', 'CN', '2026-06-01')

/** The good one's table, built once and put into the cache of each test. */
const built = mkdtempSync(join(tmpdir(), 'ringfence-built-'))
beforeAll(async () => {
  writeFileSync(join(built, 'a.mmdb'), good)
  await openTable([specOf({ files: [join(built, 'a.mmdb')] })], { companies: noCompanies, cache: join(built, 'cache') })
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

function setUp(content: Buffer | string = good) {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-accepted-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.mmdb')
  writeFileSync(file, content)
  cpSync(join(built, 'cache'), join(folder, 'cache'), { recursive: true })
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
    await keepAccepted(table, world)
    return table
  }
  return { folder, world, ledger, open, start, replace: (fresh: Buffer | string) => writeFileSync(file, fresh) }
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

test('the table in force is taken for what the same files hold, and not made again', async () => {
  const { folder, world, start, replace } = setUp()
  const first = await start()
  const specs = [specOf({ files: [join(folder, 'a.mmdb')] })]
  const again = await openAccepted(specs, world, first)
  expect(again).toMatchObject({ table: { hash: first.hash }, refused: null })
  expect(again.table?.locate).toBe(first.locate)
  replace(database('DE', 'CN', '2026-07-01'))
  expect((await openAccepted(specs, world, first)).table?.locate(ip('8.8.8.8')).best).toBe('DE')
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

test('a table in force is what new data is measured by, whatever became of the cache', async () => {
  const { start, replace, folder, world } = setUp()
  const inForce = await start()
  rmSync(join(folder, 'cache'), { recursive: true })
  replace(database('US', 'US', '2026-07-01'))
  const specs = [specOf({ files: [join(folder, 'a.mmdb')] })]
  const { table, refused } = await openAccepted(specs, world, inForce)
  expect(refused?.why).toMatch(/^100 % of the IPv4 space that the policy forbids/)
  expect(table).toBe(inForce)
})

test('a person’s word is taken once, for the data that it was given for', async () => {
  const { open, start, replace, ledger, world } = setUp()
  await start()
  replace(database('US', 'US', '2026-07-01'))
  const { refused } = await open()
  await acceptByHand(refused?.key ?? '', ledger)
  const { table, refused: now } = await open()
  expect(now).toBeNull()
  if (table !== null) await keepAccepted(table, world)
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

test('where nothing was ever good there is no table', async () => {
  const bad = setUp('no database')
  expect(await bad.open()).toMatchObject({ table: null, refused: { key: null, why: expect.stringContaining('a.mmdb') } })
})

test('the last good table outlives the cache, and new data is measured by it', async () => {
  const { open, start, replace, folder } = setUp()
  const { hash } = await start()
  rmSync(join(folder, 'cache'), { recursive: true })
  replace('no database')
  expect((await open()).table?.hash).toBe(hash)
  replace(database('US', 'US', '2026-07-01'))
  expect(await open()).toMatchObject({ table: { hash }, refused: { why: expect.stringMatching(/^100 % of the IPv4 space/) } })
  // Where that one is gone too, nothing is known to measure by: it waits for a word.
  rmSync(join(folder, 'accepted'), { recursive: true })
  rmSync(join(folder, 'cache'), { recursive: true })
  expect(await open()).toMatchObject({
    table: null,
    refused: { why: expect.stringContaining("is gone, so that this can't be compared with it") },
  })
  replace('no database')
  expect((await open()).table).toBeNull()
})

test('a table that is accepted takes the place of the last one beside the ledger', async () => {
  const { open, start, replace, folder, world } = setUp()
  const { key } = await start()
  const beside = () => readdirSync(join(folder, 'accepted'))
  expect(beside()).toEqual([`table-${key}.bin`])
  replace(database('DE', 'CN', '2026-07-01'))
  const { table } = await open()
  if (table !== null) await keepAccepted(table, world)
  expect(beside()).toEqual([`table-${table?.key}.bin`])
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

/** Reads like any country database, and has every address in the same country. */
const implausible = mmdb({ networks: anchors.map(({ address }) => [`${address}/32`, { country_code: 'US' }]), built: '2026-07-01' })

test('a voter that misplaces well-known addresses is refused, also as the first data', async () => {
  const bad = setUp(implausible)
  const why = /^a: it misplaces \d+ of \d+ addresses whose place is known \(202\.96\.128\.86 in United States \(US\)\)$/
  expect(await bad.open()).toMatchObject({ table: null, refused: { why: expect.stringMatching(why), key: expect.any(String) } })
  expect(JSON.stringify(readdirSync(bad.folder))).not.toContain('accepted')
  // No witness is judged by them: it may be the registry's word on purpose.
  const witness = join(bad.folder, 'w.mmdb')
  writeFileSync(witness, implausible)
  const { open, start, folder } = setUp()
  await start()
  const specs = [specOf({ files: [join(folder, 'a.mmdb')] }), specOf({ name: 'w', role: 'witness', files: [witness] })]
  expect((await open({}, specs)).refused).toBeNull()
})

test('what was accepted is known over a restart, and a look at the data writes nothing', async () => {
  const { open, start, ledger, world } = setUp()
  const first = await start()
  expect(JSON.parse(readFileSync(ledger, 'utf8'))).toMatchObject({
    key: first.key,
    sources: [{ name: 'a', date: '2026-06-01', coverage: { v4: 2 ** 25, v6: 0 } }],
    accepted: null,
  })
  // A ledger that is written anew is a change that a running proxy looks into.
  const { ino } = statSync(ledger)
  await open()
  await keepAccepted(first, world)
  expect(statSync(ledger).ino).toBe(ino)
})

test('what a person accepted is not asked about again when another source changes', async () => {
  const { open, ledger, folder, world } = setUp(implausible)
  const feed = join(folder, 'b.csv')
  const specs = [specOf({ files: [join(folder, 'a.mmdb')] }), specOf({ name: 'b', role: 'witness', format: 'csv', files: [feed] })]
  writeFileSync(feed, '8.0.0.0,8.255.255.255,US\n')
  const { refused } = await open({}, specs)
  await acceptByHand(refused?.key ?? '', ledger)
  const { table } = await open({}, specs)
  if (table === null) throw new Error('no table')
  await keepAccepted(table, world)
  writeFileSync(feed, '8.0.0.0,8.255.255.255,DE\n')
  expect((await open({}, specs)).refused).toBeNull()
})

test('a damaged ledger is not repaired by a person’s word, and what it was asked for stays refused', async () => {
  const { open, start, ledger } = setUp()
  const { key } = await start()
  writeFileSync(ledger, '[]')
  await expect(acceptByHand(key, ledger)).rejects.toThrow('accepted.json: damaged; remove it')
  expect((await open()).table).toBeNull()
  rmSync(ledger)
  expect(await open()).toMatchObject({ table: { key }, refused: null })
})

test('where the sources can’t even be listed the last good data is used', async () => {
  const { start, world, ledger } = setUp()
  expect(await openLastGood('x', world)).toEqual({ table: null, refused: { why: 'x', key: null } })
  const { key } = await start()
  expect(await openLastGood('x', world)).toMatchObject({ table: { key }, refused: { why: 'x', key: null } })
  writeFileSync(ledger, '{')
  expect((await openLastGood('x', world)).table).toBeNull()
  expect((await openLastGood('x', { ...world, ledger: null })).table).toBeNull()
})

test.each<[what: string, damage: (cache: string) => void]>([
  [
    'in a folder that is a file',
    (cache) => {
      rmSync(cache, { recursive: true })
      writeFileSync(cache, '')
    },
  ],
  [
    'that is a folder',
    (cache) =>
      eachTable(cache, (file) => {
        rmSync(file)
        mkdirSync(file)
      }),
  ],
  ['that is empty', (cache) => eachTable(cache, (file) => writeFileSync(file, ''))],
  ['cut off', (cache) => eachTable(cache, (file) => writeFileSync(file, readFileSync(file).subarray(0, -9)))],
  [
    'with a bit flipped in it',
    (cache) =>
      eachTable(cache, (file) =>
        writeFileSync(
          file,
          readFileSync(file).map((byte, i) => (i === 300 ? byte ^ 1 : byte)),
        ),
      ),
  ],
])('a cached table %s is no table: good data is built anew, and never half of it is used', async (_, damage) => {
  const { open, start, folder, world } = setUp()
  const { hash } = await start()
  damage(join(folder, 'cache'))
  expect((await openLastGood('x', world)).table?.hash).toBe(hash)
  damage(join(folder, 'accepted'))
  expect((await openLastGood('x', world)).table).toBeNull()
  expect(await open()).toMatchObject({ table: { hash }, refused: null })
})

function eachTable(cache: string, work: (file: string) => void): void {
  const tables = readdirSync(cache)
  expect(tables).toHaveLength(1)
  for (const name of tables) work(join(cache, name))
}
