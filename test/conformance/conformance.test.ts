import { expect, test } from 'vitest'
import { hold } from './case.ts'
import { methodsAndStatuses } from './rfc9110-methods.ts'
import { semantics } from './rfc9110-semantics.ts'
import { rfc9112 } from './rfc9112.ts'
import { rfc9209 } from './rfc9209.ts'

const cases = [...semantics, ...methodsAndStatuses, ...rfc9112, ...rfc9209]

for (const one of cases) test(`${one.rfc}: ${one.says}`, () => hold(one))

test('every case has a name of its own, and cites a section', () => {
  const names = cases.map(({ rfc, says }) => `${rfc}: ${says}`)
  expect(new Set(names).size).toBe(names.length)
  expect(names.filter((name) => !/^RFC (9110|9112|9209) §\d+(\.\d+)*: /.test(name))).toEqual([])
})
