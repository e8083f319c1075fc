import { expect, test } from 'vitest'
import { malformed, needMore, value } from '../../src/wire/parsed.ts'

test('a parser answers with a value and what it used, asks for more, or says why not', () => {
  expect(value('x', 3)).toEqual({ kind: 'value', value: 'x', consumed: 3 })
  expect(needMore).toEqual({ kind: 'need-more' })
  expect(malformed('why')).toEqual({ kind: 'malformed', why: 'why' })
})
