import { expect, test } from 'vitest'
import { packsCommand } from '../../../../src/cli/commands/policy/packs.ts'
import { packNames } from '../../../../src/config/packs.ts'
import { ran } from '../../screen.ts'

test('every pack is listed, with what it does and its parameters', async () => {
  const { shown } = await ran((out) => packsCommand(() => out), [])
  for (const name of packNames()) expect(shown).toMatch(new RegExp(`^${name} +\\d{4}-\\d{2}-\\d{2} +\\d+ +\\S`, 'm'))
  expect(shown).toMatch(/^zoom-geofence .*regions/m)
})

test('as JSON lines', async () => {
  const { shown } = await ran((out) => packsCommand(() => out), ['--json'])
  const rows = shown
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map(({ name }) => name)).toEqual(packNames())
  expect(rows.find(({ name }) => name === 'zoom-geofence').parameters.regions).toMatchObject({ type: 'territory' })
})
