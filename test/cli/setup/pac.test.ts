import { expect, test } from 'vitest'
import { pac } from '../../../src/cli/setup/pac.ts'
import { pacText } from '../../../src/web/pac.ts'
import { away, expectGolden } from './made-up.ts'

test('the text is the one that the page serves', () => {
  expectGolden('pac', pac)
  expect(pac.text(away)).toBe(pacText(away.pac))
})
