import { expect, test } from 'vitest'
import { expectProblem, withoutVoidExpect } from '../../src/wire/http1-expect.ts'

const expecting = (version: '1.0' | '1.1', ...values: readonly string[]) => ({
  version,
  fields: [...values.map((value) => ({ name: 'expect', value })), { name: 'Accept', value: '*/*' }],
})

test('100-continue can be met, in any case, and so can nothing', () => {
  expect(expectProblem(expecting('1.1', '100-Continue'))).toBeNull()
  expect(expectProblem(expecting('1.1', ', 100-continue', ''))).toBeNull()
  expect(expectProblem(expecting('1.1'))).toBeNull()
})

test.each(['200-ok', '100-continue, more', '100-continue;q=1', 'x="100-continue"'])('%s is 417', (value) => {
  expect(expectProblem(expecting('1.1', value))).toMatchObject({ status: 417 })
})

test('what an HTTP/1.0 client expects is neither refused nor passed on', () => {
  const old = expecting('1.0', 'anything')
  expect(expectProblem(old)).toBeNull()
  expect(withoutVoidExpect(old, old.fields)).toEqual([{ name: 'Accept', value: '*/*' }])
  const young = expecting('1.1', '100-continue')
  expect(withoutVoidExpect(young, young.fields)).toEqual(young.fields)
})
