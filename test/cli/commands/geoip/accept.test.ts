import { expect, test } from 'vitest'
import { accept } from '../../../../src/cli/commands/geoip/accept.ts'
import { updateCommand } from '../../../../src/cli/commands/geoip/update.ts'
import { database, node } from './node.ts'

test('a replaced file that moves much space out of a forbidden territory waits for a word, and then counts', async () => {
  const one = node(database('US', 'CN', '2026-06-01'))
  await one.start()
  one.replace('one.mmdb', database('US', 'US', '2026-09-01'))
  const { open } = await one.world()
  expect((await open()).refused?.why).toMatch(
    /^100 % of the IPv4 space that the policy forbids in China \(CN\) \(16,777,216 addresses\) would be outside of it/,
  )
  const { shown, code } = await one.run(updateCommand, '--accept')
  expect({ shown, code }).toEqual({
    code: 0,
    shown: expect.stringMatching(
      /^Accepted: the data as the files hold it now, though: 100 % of the IPv4 space .*\. A running proxy takes it within seconds\.\n$/,
    ),
  })
  expect((await open()).refused).toBeNull()
})

test('nothing waits; and what can’t be read at all is not accepted', async () => {
  const one = node()
  await one.start()
  await expect(accept(await one.world())).rejects.toThrow('geoip update --accept: nothing waits')
  one.replace('one.mmdb', 'no database')
  await expect(accept(await one.world())).rejects.toThrow(/what waits can't be used: .*one\.mmdb/)
})
