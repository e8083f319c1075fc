import { expect, test } from 'vitest'
import { maxForwards, oneHopLess } from '../../src/wire/http1-max-forwards.ts'

const asking = (method: string, ...values: readonly string[]) => ({
  method,
  fields: values.map((value) => ({ name: 'max-Forwards', value })),
})

test.each([
  ['TRACE', '0', 0],
  ['OPTIONS', '10', 10],
  ['OPTIONS', '007', 7],
  ['TRACE', '9'.repeat(400), 256],
])('%s with %s', (method, value, hops) => {
  expect(maxForwards(asking(method, value))).toBe(hops)
})

test('of other methods it means nothing, and neither does its absence', () => {
  expect(maxForwards(asking('GET', '0'))).toBeNull()
  expect(maxForwards(asking('trace', '0'))).toBeNull()
  expect(maxForwards(asking('TRACE'))).toBeNull()
})

test.each([['-1'], [''], ['1.5'], ['0x1'], ['1, 2'], ['1', '1']])('%j is refused', (...values) => {
  expect(maxForwards(asking('TRACE', ...values))).toMatchObject({ kind: 'malformed', status: 400 })
})

test('each hop takes one, and what is beyond all reason comes down', () => {
  expect(oneHopLess(asking('TRACE', '3')).map(({ value }) => value)).toEqual(['2'])
  expect(oneHopLess(asking('OPTIONS', '1000')).map(({ value }) => value)).toEqual(['255'])
  expect(oneHopLess(asking('GET', '3')).map(({ value }) => value)).toEqual(['3'])
  expect(() => oneHopLess(asking('TRACE', '0'))).toThrow('no further')
})
