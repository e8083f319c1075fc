import { expect, test, vi } from 'vitest'
import { flowsInWords, judgeAgain, leftOutLines, noRecords } from '../../../../src/cli/commands/policy/replayed.ts'
import { loadSettings } from '../../../../src/config/load.ts'
import { loadPolicy } from '../../../../src/config/policies.ts'
import { MINUTE_LATER, recorded } from './recorded.ts'

test('which flows a figure is about, in words', () => {
  expect([
    flowsInWords({}),
    flowsInWords({ since: '7d' }),
    flowsInWords({ since: '1h' }),
    flowsInWords({ since: '2026-11-25', until: '1d' }),
    flowsInWords({ country: 'CN', since: '1500s' }),
  ]).toEqual([
    'recorded flows',
    'flows of the last 7 days',
    'flows of the last hour',
    'flows since 2026-11-25 until 1d',
    'matching flows of the last 1,500 seconds',
  ])
})

test('each flow is told with its decision by each policy', async () => {
  const policies = [loadPolicy('no-cn'), loadPolicy('observe')]
  const seen: string[] = []
  const looked = await judgeAgain(policies, loadSettings(), { records: await recorded(), host: '.zoom.us' }, MINUTE_LATER, (record, all) =>
    seen.push(`${record.asked} ${all.map(({ verdict }) => verdict.would).join(' ')}`),
  )
  expect(seen).toEqual(['zoom.us allow allow', 'cn.zoom.us block allow'])
  expect(looked).toMatchObject({ found: 2, judged: 2, damaged: 0, firstDamage: null })
})

test('what was left out is said', () => {
  vi.stubEnv('PATH', '')
  const looked = { folder: 'f', found: 0, judged: 0, unreached: 2, early: 1, unreadable: 1, damaged: 1 }
  const firstDamage = { file: 'f/000001.ndjson', line: 3, why: 'not JSON' }
  expect(leftOutLines({ ...looked, firstDamage })).toEqual([
    '2 flows never came to an address: not judged again.',
    '1 flow was blocked before its address was looked up: not judged again.',
    '1 record could not be read as a flow: not judged again.',
    '1 damaged line in the records, the first at f/000001.ndjson:3: not JSON',
  ])
  expect(noRecords({ ...looked, firstDamage }, 'recorded flows', 'no-cn')).toContain('"npx ringfence --policy no-cn --mode observe"')
})
