import { expect, test } from 'vitest'
import { diffCommand } from '../../../../src/cli/commands/geoip/diff.ts'
import { database, node } from './node.ts'

test('a replaced file that was refused is shown against what is in force', async () => {
  const one = node(database('US', 'CN', '2026-06-01'))
  await one.start()
  // Older, and it moves the whole of 52.0.0.0/8 out of China.
  one.replace('one.mmdb', database('US', 'US', '2026-01-01'))
  const { shown, code } = await one.run(diffCommand)
  expect(code).toBe(0)
  expect(shown).toBe(
    [
      'Data:',
      '  One: 2026-06-01 → 2026-01-01',
      '',
      'IPv4 space, by best guess:',
      '  China (CN) → United States (US): 16,777,216 addresses',
      '',
      'No flows are recorded here: what it means for your traffic is not known.',
      '',
    ].join('\n'),
  )
  expect(JSON.parse((await one.run(diffCommand, '--json')).shown)).toMatchObject({
    flows: 0,
    space: [{ from: 'CN', to: 'US', v4: 16_777_216 }],
  })
})

test('where nothing waits, where the edition is unknown, and where no data is in force, it says so', async () => {
  expect(await node().run(diffCommand)).toMatchObject({ code: 2, error: 'geoip diff: nothing waits; --to names a downloaded edition' })
  expect(await node().run(diffCommand, '--to', '7')).toMatchObject({
    code: 2,
    error: 'geoip diff: --to: there is no edition "7" (there are none)',
  })
  expect(await node(Buffer.from('x')).run(diffCommand)).toMatchObject({
    code: 2,
    error: expect.stringMatching(/^geoip diff: no data is in force to compare with/),
  })
  expect((await node().run(diffCommand, '--to', '0')).shown).toBe('The data is the same.\n')
})
