import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { statusCommand } from '../../../../src/cli/commands/geoip/status.ts'
import { database, node, plain } from './node.ts'

test('every source with its role, day, coverage, and what its licence asks for', async () => {
  const { shown, code } = await node().run(statusCommand)
  expect(code).toBe(0)
  const [head, one, networks, , table] = plain(shown).split('\n')
  expect(head).toMatch(/^source +role +data of +days old +of IPv4 +IPv6 \/48 +licence$/)
  expect(one).toMatch(/^One +voter +2026-06-01 +\d+ +0\.91 % +- +-$/)
  expect(networks).toMatch(/^Networks +asn +2026-05-01 +\d+ +<0\.01 % +- +-$/)
  expect(table).toMatch(/^Table HASH…: \d+ IPv4 and 1 IPv6 ranges, 1 networks, /)
  expect(shown).toContain('One: knows only 0.9 % of IPv4')
  expect(shown).toContain('Data by One, https://one.example')
})

test('data that was refused, and none at all, are said and give exit code 1', async () => {
  const one = node()
  await one.start()
  one.replace('one.mmdb', 'no database')
  const refused = await one.run(statusCommand)
  expect(refused.code).toBe(1)
  expect(refused.shown).toMatch(/\nNot taken: .*one\.mmdb: not an mmdb file/)
  expect(refused.shown).toContain('One')

  const none = node(Buffer.from('no database'))
  const nothing = await none.run(statusCommand)
  expect(nothing.code).toBe(1)
  expect(nothing.shown).toMatch(/^No location data is good: whatever needs a country is blocked\./)
  expect(JSON.parse((await none.run(statusCommand, '--json')).shown)).toMatchObject({ table: null, refused: { key: null } })
})

test('a damaged file of address ranges of apps is told', async () => {
  const one = node()
  fs.mkdirSync(path.join(one.folder, 'geoip'))
  fs.writeFileSync(path.join(one.folder, 'geoip', 'app-ranges.json'), '[]')
  expect((await one.run(statusCommand)).shown).toMatch(
    /\nNot taken: .*app-ranges\.json: damaged; the address ranges that come with the program are used\n/,
  )
})

test('as JSON, with the age of each source', async () => {
  const { shown } = await node(database('US', 'CN', '2026-01-01')).run(statusCommand, '--json')
  const { table, refused, current, held } = JSON.parse(shown)
  expect(table).toMatchObject({
    sources: [{ name: 'One', role: 'voter', date: '2026-01-01', age_days: expect.any(Number) }, { name: 'Networks' }],
  })
  expect({ refused, current, held }).toEqual({ refused: null, current: null, held: null })
})
