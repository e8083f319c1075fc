import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge, type Vote } from '../../src/geoip/merge.ts'
import { allCountries } from '../../src/model/country.ts'

const country = fc.option(fc.constantFrom(...allCountries.slice(0, 6)))
const vote: fc.Arbitrary<Vote> = fc.record({ role: fc.constantFrom('voter' as const, 'witness' as const), country })

test('two voters that agree make one possible country', () => {
  expect(
    merge([
      { role: 'voter', country: code('CN') },
      { role: 'voter', country: code('CN') },
    ]),
  ).toEqual({ possible: ['CN'], best: 'CN' })
})

test('two voters that differ make two, and the first is the best guess', () => {
  expect(
    merge([
      { role: 'voter', country: code('US') },
      { role: 'voter', country: code('CA') },
    ]),
  ).toEqual({ possible: ['CA', 'US'], best: 'US' })
})

test('a voter without an answer leaves the best guess to the next', () => {
  expect(
    merge([
      { role: 'voter', country: null },
      { role: 'voter', country: code('RU') },
    ]),
  ).toEqual({ possible: ['RU'], best: 'RU' })
})

test('a witness alone makes nothing possible', () => {
  expect(merge([{ role: 'witness', country: code('US') }])).toEqual({ possible: [], best: null })
})

test('the order of the votes never changes what is possible', () => {
  const shuffled = fc.array(vote).chain((votes) => fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length })))
  fc.assert(
    fc.property(shuffled, ([votes, other]) => {
      expect(merge(other).possible).toEqual(merge(votes).possible)
    }),
  )
})

test('a witness more never changes what is possible, nor the best guess', () => {
  fc.assert(
    fc.property(fc.array(vote), country, fc.nat(), (votes, said, at) => {
      expect(merge(votes.toSpliced(at % (votes.length + 1), 0, { role: 'witness', country: said }))).toEqual(merge(votes))
    }),
  )
})

test('the best guess is possible, and there is one exactly when something is', () => {
  fc.assert(
    fc.property(fc.array(vote), (votes) => {
      const { possible, best } = merge(votes)
      expect(best === null ? possible : possible.filter((code) => code === best)).toHaveLength(best === null ? 0 : 1)
    }),
  )
})

function code(text: string) {
  const found = allCountries.find((known) => known === text)
  if (found === undefined) throw new Error(`no such country: ${text}`)
  return found
}
