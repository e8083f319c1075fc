import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { rollbackCommand } from '../../../../src/cli/commands/geoip/rollback.ts'
import { database, node } from './node.ts'

async function withTwoEditions() {
  const one = node(database('US', 'CN', '2026-06-01'))
  for (const [n, code] of [
    ['1', 'DE'],
    ['2', 'FR'],
  ] as const) {
    const file = path.join(one.folder, `edition-${n}.mmdb`)
    fs.writeFileSync(file, database(code, 'CN', `2026-0${6 + Number(n)}-01`))
    const edition = {
      format: 'mmdb' as const,
      files: [await one.store.keep(file)],
      date: `2026-0${6 + Number(n)}-01`,
      from: 'https://one.example/',
    }
    const { number } = await one.store.add({ One: edition }, `2026-0${6 + Number(n)}-02T00:00:00.000Z`)
    await one.store.use(number)
    await one.start()
  }
  const best = async () => {
    const { table } = await (await one.world()).open()
    return table?.lookup4(0x0808_0808).best
  }
  return { ...one, best }
}

test('back to the edition before, to the data as shipped, and to the one named: older data is taken, since a person says so', async () => {
  const one = await withTwoEditions()
  expect(await one.best()).toBe('FR')
  expect(await one.run(rollbackCommand)).toMatchObject({ code: 0, shown: expect.stringMatching(/^In force: edition 1 of 2026-07-02\./) })
  expect(await one.best()).toBe('DE')
  expect(await one.run(rollbackCommand)).toMatchObject({ shown: expect.stringMatching(/^In force: the data as shipped\./) })
  expect(await one.best()).toBe('US')
  expect(await one.run(rollbackCommand, '2')).toMatchObject({ code: 0 })
  expect(await one.best()).toBe('FR')
})

test('an edition that there is not, or that is in force, is named with those that there are', async () => {
  const one = await withTwoEditions()
  expect(await one.run(rollbackCommand, '9')).toMatchObject({
    code: 2,
    error: 'geoip rollback: there is no edition "9" (there are 0 (as shipped), 1, 2; in force is 2)',
  })
  expect(await one.run(rollbackCommand, '2')).toMatchObject({ code: 2, error: expect.stringContaining('edition 2 is in force already') })
})

test('an edition that was held or refused, and never in force, is no step of the way back', async () => {
  const one = await withTwoEditions()
  const { generations } = await one.store.read()
  const held = await one.store.add(generations[0]?.sources ?? {}, '2026-09-02T00:00:00.000Z')
  await one.store.hold(held.number)
  const last = await one.store.add(generations[1]?.sources ?? {}, '2026-09-03T00:00:00.000Z')
  await one.store.use(last.number)
  expect(await one.run(rollbackCommand)).toMatchObject({ shown: expect.stringMatching(/^In force: edition 2 of /) })
  expect(await one.run(rollbackCommand)).toMatchObject({ shown: expect.stringMatching(/^In force: edition 1 of /) })
})
