import { expect, test } from 'vitest'
import { resolveCitations, sourceTable } from '../../src/config/cited-sources.ts'
import { formatPath, type Report } from '../../src/policy/path.ts'

const table = { manual: { what: 'the manual', date: '2026-06-06' } }

function resolve(...written: readonly string[]) {
  const faults: string[] = []
  const report: Report = (path, message) => void faults.push(`${formatPath(path)}: ${message}`)
  return { resolved: resolveCitations(written, table, ['sources'], report), faults }
}

test('a citation is a key of the table, with its day, or the address of a page', () => {
  expect(resolve('https://example.org/a', 'manual')).toEqual({ resolved: ['https://example.org/a', 'the manual (2026-06-06)'], faults: [] })
})

test('anything else is a fault where it stands', () => {
  expect(resolve('manuel', 'example.org', 'toString').faults).toEqual([
    'sources[0]: "manuel" is neither a source of this file nor the address of a page, did you mean "manual"?',
    'sources[1]: "example.org" is neither a source of this file nor the address of a page',
    'sources[2]: "toString" is neither a source of this file nor the address of a page',
  ])
})

test('a source says what it is and of which day', () => {
  expect(sourceTable.safeParse(table).success).toBe(true)
  for (const source of [{ what: 'it' }, { what: ' ', date: '2026-06-06' }, { what: 'it', date: 'June' }]) {
    expect(sourceTable.safeParse({ manual: source }).success).toBe(false)
  }
})
