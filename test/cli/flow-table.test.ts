import { expect, test } from 'vitest'
import { flowColumns } from '../../src/cli/flow-table.ts'
import { recordOf, withEvent } from '../../src/records/record.ts'
import { blocked, decided, ended, numbered } from '../records/made-up.ts'

// The whole screen is shown in commands/flows.test.ts.

const NOW = Date.parse('2026-11-25T12:00:00Z')

test('every column has a cell for every record, and one that is cut says how narrow it may get', () => {
  const events = numbered([decided('a'), ended('a')]).filter((event) => 'id' in event)
  const record = recordOf(events.reduce((parts, event) => ('id' in event ? withEvent(parts, event) : parts), {}))
  if (record === null) throw new Error('a decided flow has a record')
  const cells = flowColumns.map(({ head, cell }) => [head, cell(record, NOW)])
  expect(Object.fromEntries(cells)).toMatchObject({ VERDICT: '● Allowed', DESTINATION: 'zoom.us:443' })
  expect(cells.every(([, cell]) => cell !== undefined)).toBe(true)
  expect(flowColumns.filter(({ least }) => least !== undefined).map(({ head }) => head)).toEqual(['DESTINATION', 'REASON'])
})

test('what was dropped after a refusal is counted beside its reason', () => {
  const [event] = numbered([blocked('a', { network: 'udp' })])
  const reason = (dropped?: number) => {
    const record = event?.type === 'decided' ? recordOf({ decided: event, ...(dropped === undefined ? {} : { dropped }) }) : null
    return record && flowColumns.at(-1)?.cell(record, NOW)
  }
  expect([reason(), reason(1), reason(12)]).toEqual([
    'fence "no-cn"',
    'fence "no-cn", 1 more datagram dropped',
    'fence "no-cn", 12 more datagrams dropped',
  ])
})

test('a connection that never came to be is not reached, and has no bytes', () => {
  const of = (would: 'allow' | 'steer') => {
    const end = ended('a', { ending: 'failed', code: 'upstream.unreachable', dialled: null, up: 0, down: 0 })
    const events = numbered([decided('a', { would }), end])
    const record = recordOf(events.reduce((parts, event) => ('id' in event ? withEvent(parts, event) : parts), {}))
    return record && ['VERDICT', 'UP', 'DOWN', 'REASON'].map((name) => flowColumns.find(({ head }) => head === name)?.cell(record, NOW))
  }
  const row = [{ text: '– Not reached', style: 'dim' }, '-', '-', 'the upstream proxy cannot be reached']
  expect([of('allow'), of('steer')]).toEqual([row, row])
})
