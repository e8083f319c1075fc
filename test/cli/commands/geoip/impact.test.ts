import { expect, test } from 'vitest'
import { impactOf, impactText } from '../../../../src/cli/commands/geoip/impact.ts'
import { refusalsOf } from '../../../../src/cli/refusals.ts'
import { openJournal } from '../../../../src/records/journal.ts'
import { candidate, decided, tickingClock } from '../../../records/made-up.ts'
import { database, node } from './node.ts'

test('recent destinations that move, and flows that would be judged otherwise', async () => {
  const one = node(database('US', 'CN', '2026-06-01'))
  const before = await one.start()
  one.replace('one.mmdb', database('CN', 'CN', '2026-09-01'))
  const { settings, policy, open } = await one.world()
  const after = (await open()).table
  if (after === null) throw new Error('no table')
  const journal = await openJournal({
    folder: settings.records.folder,
    node: 'test',
    clock: tickingClock(),
    onTrouble: (error) => expect.fail(error.message),
  })
  await journal.append({ type: 'started', version: '1' })
  for (const [id, address] of [
    ['a', '8.8.8.8'],
    ['b', '8.8.8.8'],
    ['c', '9.9.9.9'],
  ] as const) {
    const event = decided(id, { candidates: [candidate(address, ['US'])] })
    await journal.append({ ...event, personal: { ...event.personal, asked: 'dns.example' } })
  }
  await journal.close()
  const impact = await impactOf(before, after, settings, policy, refusalsOf(settings))
  expect(impact).toMatchObject({
    flows: 3,
    destinations: [{ address: '8.8.8.8', name: 'dns.example', flows: 2, before: ['US'], after: ['CN'] }],
    verdicts: [{ name: 'dns.example', before: 'allow', after: 'block', flows: 2 }],
  })
  expect(impactText(impact)).toBe(
    [
      'Data:',
      '  One: 2026-06-01 → 2026-09-01',
      '',
      'IPv4 space, by best guess:',
      '  United States (US) → China (CN): 16,777,216 addresses',
      '',
      '1 destination moves (of 3 recorded flows):',
      '  dns.example 8.8.8.8: US → CN',
      '',
      '2 flows would be judged otherwise:',
      '  dns.example: allow → block (2 flows)',
      '',
    ].join('\n'),
  )
})

test('the same data changes nothing; data that moves none of your destinations says so', () => {
  const same = { before: 'a', after: 'a', sources: [], space: [], flows: 3, destinations: [], verdicts: [] }
  expect(impactText(same)).toBe('The data is the same.\n')
  const other = { ...same, sources: [{ name: 'One', before: null, after: '2026-06-01' }] }
  expect(impactText(other)).toBe(
    'Data:\n  One: - → 2026-06-01\n\nNo IPv4 space moves.\n\nNone of your destinations moves (3 recorded flows).\n\nNo flow would be judged otherwise.\n',
  )
})
