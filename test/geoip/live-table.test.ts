import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AcceptingWorld, openAccepted } from '../../src/geoip/accepted-table.ts'
import type { GeoTable } from '../../src/geoip/index.ts'
import { LiveTable } from '../../src/geoip/live-table.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { ip, noCompanies, specOf } from './support.ts'

const database = (code: string) => mmdb({ networks: [['8.0.0.0/8', { country_code: code }]] })

async function setUp(content: Buffer | string = database('US')) {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-live-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.mmdb')
  writeFileSync(file, content)
  const world: AcceptingWorld = { companies: noCompanies, cache: null, ledger: null, isForbidden: () => false }
  let opens = 0
  const live = await LiveTable.open({
    files: async () => [file],
    open: () => {
      opens++
      return openAccepted([specOf({ files: [file] })], world)
    },
  })
  const told: string[] = []
  const listener = {
    swap: async ({ locate }: GeoTable) => void told.push(`swap ${locate(ip('8.8.8.8')).best}`),
    refused: (why: string, inForce: GeoTable | null) =>
      void told.push(`refused ${why.replace(folder, '')}, in force ${inForce?.locate(ip('8.8.8.8')).best ?? 'none'}`),
  }
  let part = 0
  // As a vendor's tool does it: written beside, then renamed over.
  const replace = (fresh: Buffer | string) => {
    writeFileSync(`${file}.${++part}`, fresh)
    renameSync(`${file}.${part}`, file)
  }
  return { live, listener, told, replace, opens: () => opens, best: () => live.current.locate(ip('8.8.8.8')).best }
}

test('a replaced file is taken, a damaged one refused while the old table stays, a mended one taken', async () => {
  const { live, listener, told, replace, best, opens } = await setUp()
  await live.look(listener)
  expect(opens()).toBe(1) // nothing has changed
  replace(database('DE'))
  await live.look(listener)
  expect(best()).toBe('DE')
  const before = live.current.hash
  replace('half a datab')
  await live.look(listener)
  expect(best()).toBe('DE')
  expect(live.current.hash).toBe(before)
  expect(live.refused).toMatch(/a\.mmdb: not an mmdb file/)
  replace(database('FR'))
  await live.look(listener)
  expect({ best: best(), refused: live.refused }).toEqual({ best: 'FR', refused: null })
  expect(told).toEqual(['swap DE', 'refused /a.mmdb: not an mmdb file, or cut off: it has no metadata at its end, in force DE', 'swap FR'])
})

test('a refusal is told once for what the files hold, not at every look', async () => {
  const { live, listener, told, replace } = await setUp()
  replace('x')
  for (let i = 0; i < 5; i++) await live.look(listener)
  expect(told).toHaveLength(1)
})

test('however often a file is replaced, builds coalesce, and the last content comes into force', async () => {
  const { live, listener, replace, best, opens } = await setUp()
  const looks: Promise<void>[] = []
  for (let i = 0; i < 100; i++) {
    replace(database(i % 2 === 0 ? 'DE' : 'FR'))
    looks.push(live.look(listener))
  }
  await Promise.all(looks)
  expect(opens()).toBeLessThan(10)
  await live.look(listener)
  expect(best()).toBe('FR')
})

test('while a table is built the old one answers', async () => {
  const { live, listener, replace, best } = await setUp()
  replace(database('DE'))
  const looking = live.look(listener)
  expect(best()).toBe('US')
  await looking
  expect(best()).toBe('DE')
})

test('where the swap can’t be recorded the old table stays, until it can', async () => {
  const { live, listener, told, replace, best } = await setUp()
  replace(database('DE'))
  await live.look({ ...listener, swap: () => Promise.reject(new Error('the disk is full')) })
  expect(best()).toBe('US')
  expect(told).toEqual(['refused the disk is full, in force US'])
  await live.look(listener)
  expect(best()).toBe('DE')
})

test('without any good table nothing is located, and a good file mends it', async () => {
  const { live, listener, replace, best } = await setUp('no database')
  expect({ table: live.table, hash: live.current.hash }).toEqual({ table: null, hash: 'none' })
  expect(live.current.locate(ip('8.8.8.8'))).toMatchObject({ located: false, possible: [] })
  replace(database('DE'))
  await live.look(listener)
  expect(best()).toBe('DE')
})

test('a file that is gone is a change like any other', async () => {
  const { live, listener, told, replace, best } = await setUp()
  replace(database('DE'))
  await live.look(listener)
  replace('')
  await live.look(listener)
  expect(told.at(-1)).toMatch(/the file is empty/)
  expect(best()).toBe('DE')
})
