import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Opened } from '../../src/geoip/accepted-table.ts'
import { type GeoTable, tableOf } from '../../src/geoip/index.ts'
import { LiveTable, type LiveTableWorld } from '../../src/geoip/live-table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { at, source } from './made-up-sources.ts'
import { ip, noCompanies } from './support.ts'

const tableOfCountry = (code: string): GeoTable =>
  tableOf(code, compile([source('a', 'voter', [at(0x0800_0000, 0x0900_0000, code)])]), noCompanies)

/** What a file holds: a country of two letters makes a table, anything else is damaged. */
const openedFrom = (file: string, lastGood: GeoTable | null = null): Opened => {
  const text = readFileSync(file, 'utf8')
  return /^[A-Z]{2}$/.test(text)
    ? { table: tableOfCountry(text), refused: null }
    : { table: lastGood, refused: { why: 'a: damaged', key: null } }
}

const countryOf = (table: Pick<GeoTable, 'locate'> | null) => table?.locate(ip('8.8.8.8')).best ?? 'none'

async function setUp(content = 'US', change: (file: string) => Partial<LiveTableWorld> = () => ({})) {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-live-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a')
  writeFileSync(file, content)
  let opens = 0
  const { files = async () => [file], open = async () => openedFrom(file) } = change(file)
  const live = await LiveTable.open({
    files,
    open: (inForce) => {
      opens++
      return open(inForce)
    },
  })
  const told: string[] = []
  const listener = {
    swap: async (table: GeoTable) => void told.push(`swap ${countryOf(table)}`),
    refused: (why: string, inForce: GeoTable | null) => void told.push(`refused ${why}, in force ${countryOf(inForce)}`),
  }
  let part = 0
  // As a vendor's tool does it: written beside, then renamed over.
  const replace = (fresh: string) => {
    writeFileSync(`${file}.${++part}`, fresh)
    renameSync(`${file}.${part}`, file)
  }
  const look = () => live.look(listener)
  return { file, live, listener, look, told, replace, opens: () => opens, inForce: () => countryOf(live.current) }
}

test('a replaced file is taken, a damaged one refused while the old table stays, a mended one taken', async () => {
  const { live, look, told, replace, inForce, opens } = await setUp()
  await look()
  expect(opens()).toBe(1) // nothing has changed
  replace('DE')
  await look()
  expect(inForce()).toBe('DE')
  const before = live.current.hash
  replace('half a datab')
  await look()
  expect({ inForce: inForce(), hash: live.current.hash, refused: live.refused }).toEqual({
    inForce: 'DE',
    hash: before,
    refused: 'a: damaged',
  })
  replace('FR')
  await look()
  expect({ inForce: inForce(), refused: live.refused }).toEqual({ inForce: 'FR', refused: null })
  expect(told).toEqual(['swap DE', 'refused a: damaged, in force DE', 'swap FR'])
})

test('a refusal is told once for what the files hold, not at every look', async () => {
  const { look, told, replace, opens } = await setUp()
  replace('x')
  for (let i = 0; i < 5; i++) await look()
  expect({ told: told.length, opens: opens() }).toEqual({ told: 1, opens: 2 })
  replace('y')
  for (let i = 0; i < 5; i++) await look()
  expect({ told: told.length, opens: opens() }).toEqual({ told: 2, opens: 3 })
})

test('a hundred replacements and looks during a build make one more build, and the last content comes into force', async () => {
  let go = () => {}
  let gate: Promise<void> = Promise.resolve()
  const { look, replace, inForce, opens, told } = await setUp('US', (file) => ({
    open: async () => {
      const opened = openedFrom(file)
      await gate
      return opened
    },
  }))
  gate = new Promise((resolve) => {
    go = resolve
  })
  replace('DE')
  const looks = [look()]
  while (opens() < 2) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 100; i++) {
    replace(i % 2 === 0 ? 'IT' : 'FR')
    looks.push(look())
    await new Promise((resolve) => setImmediate(resolve))
    expect(inForce()).toBe('US')
  }
  expect(opens()).toBe(2)
  go()
  await Promise.all(looks)
  expect({ inForce: inForce(), opens: opens() }).toEqual({ inForce: 'DE', opens: 2 })
  await look()
  expect({ inForce: inForce(), opens: opens() }).toEqual({ inForce: 'FR', opens: 3 })
  expect(told).toEqual(['swap DE', 'swap FR'])
})

test('where the swap can’t be recorded the old table stays, and the swap alone is tried again', async () => {
  const { live, listener, look, told, replace, inForce, opens } = await setUp()
  replace('DE')
  const failing = { ...listener, swap: () => Promise.reject(new Error('the disk is full')) }
  for (let i = 0; i < 3; i++) await live.look(failing)
  expect({ inForce: inForce(), refused: live.refused, opens: opens() }).toEqual({ inForce: 'US', refused: 'the disk is full', opens: 2 })
  expect(told).toEqual(['refused the disk is full, in force US'])
  await look()
  expect({ inForce: inForce(), refused: live.refused, opens: opens() }).toEqual({ inForce: 'DE', refused: null, opens: 2 })
})

test('what waits for its swap gives way to what the file holds by then', async () => {
  const { live, listener, look, replace, inForce } = await setUp()
  replace('DE')
  await live.look({ ...listener, swap: () => Promise.reject(new Error('the disk is full')) })
  replace('FR')
  await look()
  expect(inForce()).toBe('FR')
})

test('without any good table nothing is located, and a good file mends it', async () => {
  const { live, look, replace, inForce } = await setUp('no database')
  expect({ table: live.table, hash: live.current.hash, refused: live.refused }).toEqual({
    table: null,
    hash: 'none',
    refused: 'a: damaged',
  })
  expect(live.current.locate(ip('8.8.8.8'))).toMatchObject({ located: false, possible: [] })
  replace('DE')
  await look()
  expect(inForce()).toBe('DE')
})

test('the last good data that comes with a refusal is taken where nothing is in force, and nowhere else', async () => {
  let lastGood: GeoTable | null = null
  const { live, look, replace, inForce, told } = await setUp('bad', (file) => ({ open: async () => openedFrom(file, lastGood) }))
  expect(live.table).toBeNull()
  lastGood = tableOfCountry('DE')
  replace('still bad')
  await look()
  expect({ inForce: inForce(), refused: live.refused }).toEqual({ inForce: 'DE', refused: 'a: damaged' })
  lastGood = tableOfCountry('FR')
  replace('bad again')
  await look()
  expect(inForce()).toBe('DE')
  expect(told).toEqual(['swap DE', 'refused a: damaged, in force DE', 'refused a: damaged, in force DE'])
})

test('what the files hold is measured by the table in force', async () => {
  const asked: string[] = []
  const { look, replace } = await setUp('US', (file) => ({
    open: async (inForce) => {
      asked.push(countryOf(inForce))
      return openedFrom(file)
    },
  }))
  for (const code of ['DE', 'bad', 'FR']) {
    replace(code)
    await look()
  }
  expect(asked).toEqual(['none', 'US', 'DE', 'DE'])
})

test('files that can’t be listed for now are told once; what is in force stays, and is looked after when they can', async () => {
  let fault: Error | null = null
  const { look, told, replace, inForce } = await setUp('US', (file) => ({
    files: async () => {
      if (fault !== null) throw fault
      return [file]
    },
  }))
  fault = new Error('editions.json: damaged')
  replace('DE')
  for (let i = 0; i < 3; i++) await look()
  expect({ told, inForce: inForce() }).toEqual({ told: ['refused editions.json: damaged, in force US'], inForce: 'US' })
  fault = null
  await look()
  expect(inForce()).toBe('DE')
})

test('files that can’t be listed at the start leave it to the opening to say why', async () => {
  let fault: Error | null = new Error('x')
  const { live, look, told } = await setUp('US', (file) => ({
    files: async () => {
      if (fault !== null) throw fault
      return [file]
    },
    open: async () => (fault === null ? openedFrom(file) : { table: null, refused: { why: fault.message, key: null } }),
  }))
  expect([live.table, live.refused]).toEqual([null, 'x'])
  await look()
  expect(told).toEqual([])
  fault = null
  await look()
  expect(told).toEqual(['swap US'])
})

test('an opening that throws is told once for what the files hold', async () => {
  let fault: Error | null = null
  const { look, told, replace, opens, inForce } = await setUp('US', (file) => ({
    open: async () => {
      if (fault !== null) throw fault
      return openedFrom(file)
    },
  }))
  fault = new Error('geoip.lock: made by another version')
  replace('DE')
  for (let i = 0; i < 3; i++) await look()
  expect({ told, opens: opens(), inForce: inForce() }).toEqual({
    told: ['refused geoip.lock: made by another version, in force US'],
    opens: 2,
    inForce: 'US',
  })
})

test('a file that is gone is a change like any other, and so is one that comes back', async () => {
  const { file, look, told, replace, inForce } = await setUp('US', (file) => ({
    open: async () => {
      try {
        return openedFrom(file)
      } catch {
        return { table: null, refused: { why: 'a: there is no such file', key: null } }
      }
    },
  }))
  rmSync(file)
  await look()
  expect(told).toEqual(['refused a: there is no such file, in force US'])
  replace('DE')
  await look()
  expect(inForce()).toBe('DE')
})

test('a file is opened again when it was written in place with its old size and date, or its rights have changed', async () => {
  const { file, look, inForce, opens } = await setUp()
  const { atime, mtime } = statSync(file)
  writeFileSync(file, 'DE')
  utimesSync(file, atime, mtime)
  await look()
  expect(inForce()).toBe('DE')
  chmodSync(file, 0o400)
  await look()
  expect(opens()).toBe(3)
})
