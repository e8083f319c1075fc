import { expect, test } from 'vitest'
import { matcherNames, matchers } from '../../../src/policy/matchers/index.ts'

test('a matcher says what one of its values is', () => {
  for (const name of matcherNames) expect(matchers[name].says, name).toMatch(/\w/)
})

test('the order of the names is the order of the document, so it may not change by chance', () =>
  expect(matcherNames).toEqual(['host', 'cidr', 'port', 'network', 'client', 'inbound']))
