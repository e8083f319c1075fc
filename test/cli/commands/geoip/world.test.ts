import { expect, test } from 'vitest'
import { geoipWorld } from '../../../../src/cli/commands/geoip/world.ts'
import { node } from './node.ts'

test('the settings, their policy, and the table that the proxy would use', async () => {
  const world = await node().world()
  expect(world.policy.fences.map(({ name }) => name)).toEqual(['no-cn'])
  expect((await world.open()).table?.sources.map(({ name }) => name)).toEqual(['One', 'Networks'])
})

test('faults of the settings are told before anything is opened', async () => {
  await expect(geoipWorld({ config: '/no/such/file.yaml' })).rejects.toThrow('/no/such/file.yaml: there is no such file')
})
