import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GeoSourceSettings, geoSourceSchema, openTable } from '../../src/geoip/index.ts'
import type { Locator } from '../../src/pipeline/ports.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { ip } from './support.ts'

let folder: string
let us: string
let cn: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringfence-geoip-'))
  us = join(folder, 'Mine.mmdb')
  cn = join(folder, 'Other.mmdb')
  await writeFile(us, mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]], built: '2026-01-02' }))
  await writeFile(cn, mmdb({ networks: [['8.8.0.0/16', { country_code: 'CN' }]], built: '2025-03-04' }))
})
afterAll(() => rm(folder, { recursive: true }))

const voter = (path: string, name?: string): GeoSourceSettings => ({ type: 'mmdb', path, role: 'voter', name })
const witness = (path: string): GeoSourceSettings => ({ type: 'mmdb', path, role: 'witness' })

test('a file plugs in beside the embedded databases', async () => {
  const table = await openTable([{ type: 'embedded' }, voter(cn)])
  expect(table.sources.map(({ name }) => name)).toEqual(['DB-IP Lite', 'geo-whois-asn', 'Other'])
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({ possible: ['CN', 'US'], best: 'US' })
  expect([table.oldestDate, table.newestDate]).toEqual(['2025-03-04', '2026-06-17'])
  expect(table satisfies Locator).toBeDefined()
})

test('a witness is recorded and never votes', async () => {
  const table = await openTable([voter(us), witness(cn)])
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({
    answers: [
      { source: 'Mine', country: 'US' },
      { source: 'Other', country: 'CN' },
    ],
    possible: ['US'],
  })
})

test('the hash names the sources, their roles, their content and their order', async () => {
  const hash = async (...settings: readonly GeoSourceSettings[]) => (await openTable(settings)).hash
  const first = await hash(voter(us), voter(cn))
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(await hash(voter(us), voter(cn))).toBe(first)
  const others = [
    await hash(voter(cn), voter(us)),
    await hash(voter(us), witness(cn)),
    await hash(voter(us, 'A'), voter(cn)),
    await hash(voter(us)),
  ]
  expect(new Set([first, ...others]).size).toBe(5)
})

test('warnings begin with the name of their source', async () => {
  const { warnings } = await openTable([voter(us)])
  expect(warnings).toEqual(['Mine: knows only 0.5 % of IPv4', 'Mine: knows no IPv6 networks'])
})

test('two sources of one name are refused', async () => {
  await expect(openTable([voter(us, 'Mine'), voter(cn, 'Mine')])).rejects.toThrow(
    'geoip.sources: two sources are called "Mine"; give one of them another name',
  )
})

test('a table without a voter is refused', async () => {
  await expect(openTable([witness(us)])).rejects.toThrow('geoip.sources: no source is a voter')
  await expect(openTable([])).rejects.toThrow('geoip.sources: no source is a voter')
})

describe('settings', () => {
  test('"embedded" is short for a source of that type', () => {
    expect(geoSourceSchema.parse('embedded')).toEqual({ type: 'embedded' })
    expect(geoSourceSchema.parse({ type: 'embedded' })).toEqual({ type: 'embedded' })
    expect(geoSourceSchema.parse({ type: 'mmdb', path: 'a.mmdb', role: 'witness' })).toEqual({
      type: 'mmdb',
      path: 'a.mmdb',
      role: 'witness',
    })
  })

  test.each([
    ['mmdb', 'path'],
    [{ type: 'mmdb', path: 'a.mmdb' }, 'role'],
    [{ type: 'mmdb', path: 'a.mmdb', role: 'judge' }, 'role'],
    [{ type: 'mmdb', path: '', role: 'voter' }, 'path'],
    [{ type: 'cvs' }, 'type'],
  ])('%j is refused at %s', (settings, at) => {
    expect(geoSourceSchema.safeParse(settings).error?.issues.map(({ path }) => path.join('.'))).toContain(at)
  })

  test('an unknown key is refused', () => {
    expect(geoSourceSchema.safeParse({ type: 'embedded', path: 'a.mmdb' }).success).toBe(false)
  })
})
