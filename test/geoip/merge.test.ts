import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge, type Vote } from '../../src/geoip/merge.ts'
import { allCountries } from '../../src/model/country.ts'
import type { SourceRole } from '../../src/model/location.ts'

function code(text: string) {
  const found = allCountries.find((known) => known === text)
  if (found === undefined) throw new Error(`no such country: ${text}`)
  return found
}

/** `voter CN`, `authority HK disowned`, `anycast yes`, `voter US finest`, `registry -`. */
function votes(...texts: readonly string[]): readonly Vote[] {
  return texts.map((text) => {
    const [role = '', country = '', ...words] = text.split(' ')
    return {
      role: role as SourceRole,
      country: country === '-' || country === 'yes' ? null : code(country),
      disowned: words.includes('disowned'),
      anycast: role === 'anycast' && country === 'yes',
      finest: words.includes('finest'),
    }
  })
}

// The table in the header of merge.ts, row by row, and what stands below it.
test.each<[why: string, given: readonly string[], possible: string, best: string | null]>([
  ['overrides beat all', ['voter CN', 'authority US', 'override DE', 'registry CN'], 'DE', 'DE'],
  ['several overrides stand beside each other', ['override FR', 'override DE', 'voter CN'], 'DE FR', 'FR'],
  ['most of them, whatever the registry', ['override US', 'override US', 'override DE', 'registry US'], 'DE US', 'US'],
  ['an authority beats the voters', ['voter CN', 'voter CN', 'authority HK'], 'HK', 'HK'],
  ['most authorities, whatever the registry', ['authority US', 'authority US', 'authority SG', 'registry US'], 'SG US', 'US'],
  ['the registry is not departed from by those that state', ['authority US', 'authority SG', 'registry US'], 'SG US', 'US'],
  ['an authority outside its networks does not', ['voter CN', 'authority HK disowned'], 'CN', 'CN'],
  ['the voters decide otherwise', ['voter CN', 'voter CN'], 'CN', 'CN'],
  ['the best guess departs from the registry', ['voter US', 'voter SG', 'registry US'], 'SG US', 'SG'],
  ['where none departs, it is what the voters say', ['voter US', 'voter US', 'registry US'], 'US', 'US'],
  ['most of those that depart', ['voter JP', 'voter SG', 'voter SG', 'voter US', 'registry US'], 'JP SG US', 'SG'],
  ['among equals the finest', ['voter JP', 'voter SG finest', 'registry US'], 'JP SG', 'SG'],
  ['the finest does not outvote more', ['voter JP', 'voter JP', 'voter SG finest', 'registry US'], 'JP SG', 'JP'],
  ['among equals without a finest the first', ['voter JP', 'voter SG', 'registry US'], 'JP SG', 'JP'],
  ['a voter without an answer leaves it to the next', ['voter -', 'voter RU'], 'RU', 'RU'],
  ['a witness is not counted', ['witness CN', 'voter US'], 'US', 'US'],
  ['a witness alone makes nothing possible', ['witness US'], '', null],
  ['nor do registry, asn and anycast', ['registry CN', 'asn -', 'anycast yes'], '', null],
  ['nothing is unknown', [], '', null],
])('%s: %j', (_, given, possible, best) => {
  const merged = merge(votes(...given))
  expect([merged.possible.join(' '), merged.best]).toEqual([possible, best])
})

test('an address is anycast if a list says so, and no override does', () => {
  expect(merge(votes('voter US', 'anycast yes'))).toMatchObject({ anycast: true, possible: ['US'] })
  expect(merge(votes('voter US', 'anycast -')).anycast).toBe(false)
  expect(merge(votes('override DE', 'anycast yes')).anycast).toBe(false)
})

test('the registry is the first of its role that has an answer', () => {
  expect(merge(votes('registry -', 'registry CN', 'registry US')).registry).toBe('CN')
})

const country = fc.option(fc.constantFrom(...allCountries.slice(0, 5)))
const roles: readonly SourceRole[] = ['override', 'authority', 'voter', 'witness', 'registry', 'asn', 'anycast']
const vote: fc.Arbitrary<Vote> = fc.record({
  role: fc.constantFrom(...roles),
  country,
  disowned: fc.boolean(),
  anycast: fc.boolean(),
  finest: fc.constant(false),
})
/** At most one registry: of several the first counts, by design. */
const someVotes = fc
  .array(vote, { maxLength: 8 })
  .map((list) => list.filter(({ role }, i) => role !== 'registry' || list.findIndex((other) => other.role === 'registry') === i))

test('the order of the sources changes nothing but which of equals is the best guess', () => {
  const shuffled = someVotes.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const { best: _, ...one } = merge(list)
      const { best: __, ...two } = merge(other)
      expect(two).toEqual(one)
    }),
  )
})

test('a witness more, or an authority outside its networks, changes nothing at all', () => {
  const silence = { country, anycast: fc.constant(false), finest: fc.boolean() }
  const silent = fc.oneof(
    fc.record<Vote>({ ...silence, role: fc.constant('witness'), disowned: fc.constant(false) }),
    fc.record<Vote>({ ...silence, role: fc.constant('authority'), disowned: fc.constant(true) }),
  )
  fc.assert(
    fc.property(someVotes, silent, fc.nat(), (list, more, at) => {
      expect(merge(list.toSpliced(at % (list.length + 1), 0, more))).toEqual(merge(list))
    }),
  )
})

test('the best guess is possible, there is one exactly when something is, and what is possible is sorted', () => {
  fc.assert(
    fc.property(someVotes, (list) => {
      const { possible, best } = merge(list)
      expect(best === null ? possible.length === 0 : possible.includes(best)).toBe(true)
      expect(possible).toEqual([...new Set(possible)].sort())
    }),
  )
})

test('an override beats all others', () => {
  fc.assert(
    fc.property(someVotes, fc.constantFrom(...allCountries.slice(0, 5)), fc.nat(), (list, said, at) => {
      const others = list.filter(({ role }) => role !== 'override')
      const override: Vote = { role: 'override', country: said, disowned: false, anycast: false, finest: false }
      const { registry } = merge(others)
      const all = others.toSpliced(at % (others.length + 1), 0, override)
      expect(merge(all)).toEqual({ possible: [said], best: said, registry, anycast: false })
    }),
  )
})

test('the finest voter decides among equals, and nothing else', () => {
  fc.assert(
    fc.property(someVotes, fc.nat(), (list, n) => {
      const counted = list.filter(({ role, country, disowned }) => role === 'voter' && country !== null && !disowned)
      const finest = counted[n % counted.length]
      fc.pre(finest !== undefined)
      const before = merge(list)
      const after = merge(list.map((vote) => (vote === finest ? { ...vote, finest: true } : vote)))
      const stated = list.some(({ role, country, disowned }) => /override|authority/.test(role) && country !== null && !disowned)
      const departing = counted.filter(({ country }) => country !== before.registry)
      const heard = departing.length === 0 ? counted : departing
      const named = (country: unknown) => heard.filter((vote) => vote.country === country).length
      const isEqual = !stated && named(finest?.country) === named(before.best)
      expect(after).toEqual({ ...before, best: isEqual ? finest?.country : before.best })
    }),
  )
})
