import { expect, test } from 'vitest'
import { flowColumns } from '../../src/cli/flow-table.ts'
import { recordOf, withEvent } from '../../src/records/record.ts'
import { decided, ended, numbered } from '../records/made-up.ts'

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
