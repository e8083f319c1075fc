import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { openForAsking } from '../../src/cli/location-table.ts'
import { loadSettings } from '../../src/config/load.ts'
import { locationOf } from '../../src/config/location.ts'
import { loadPolicyFor } from '../../src/config/policies.ts'
import { keepAccepted } from '../../src/geoip/accepted-table.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { ip } from './made-up-places.ts'
import { folderWith, world } from './screen.ts'

function settingsIn(folder: string) {
  const settings = loadSettings({ config: path.join(folder, 'ringfence.yaml') })
  return { settings, policy: loadPolicyFor(settings, undefined) }
}

test('commands look up what the proxy would', async () => {
  const { settings, policy } = settingsIn(folderWith(world))
  const notes: string[] = []
  const table = await openForAsking(settings, policy, (line) => notes.push(line))
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({ possible: ['US'] })
  expect(notes).toEqual([])
})

test('where the files are bad they go by the last good data, and say so; without any there is no answer', async () => {
  const folder = folderWith(world)
  const { settings, policy } = settingsIn(folder)
  const good = await openForAsking(settings, policy, () => undefined)
  await keepAccepted(good, locationOf(settings, policy))
  writeFileSync(path.join(folder, 'one.mmdb'), 'no database any more')
  const notes: string[] = []
  const table = await openForAsking(settings, policy, (line) => notes.push(line))
  expect(table.hash).toBe(good.hash)
  expect(notes).toEqual([
    expect.stringMatching(/^location data not taken: .*one\.mmdb: not an mmdb file.*; this is by the last good data$/),
  ])

  const fresh = folderWith({ ...world, 'one.mmdb': 'no database' })
  const other = settingsIn(fresh)
  await expect(openForAsking(other.settings, other.policy, () => undefined)).rejects.toThrow(OperatorError)
})
