import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Facts } from '../../src/model/facts.ts'
import { severest } from '../../src/model/verdict.ts'
import { judgeFence, type Span } from '../../src/policy/fence.ts'
import { asked, claimed, facts, placed, policy, strict } from './words.ts'

const judge = (fence: object, change: Partial<Facts> = {}): Omit<Span, 'axis'> => {
  const [compiled] = policy({ uncertain: strict, fences: [{ name: 'one', ...fence }] }).fences
  const { outcome, low, high } = judgeFence(compiled!, facts(change))
  return { outcome, low, high }
}

const span = (outcome: string, low: string, high = low) => ({ outcome, low, high })

test('a fence whose traffic does not match does not apply', () =>
  expect(judge({ traffic: { port: 80 }, never: ['CN'] })).toEqual(span('not-applied', 'allow')))

test('a fence that applies says what its territory says', () =>
  expect(judge({ traffic: { port: 443 }, never: ['CN'] })).toEqual(span('violated', 'block')))

test('the action weakens a violation to a log, and what is uncertain with it', () => {
  expect(judge({ never: ['CN'], action: 'log' })).toEqual(span('violated', 'log'))
  expect(judge({ never: ['CN'], action: 'log' }, { location: placed('23.192.228.7') })).toEqual(span('unknown', 'log'))
})

test('a fence may carry its own word on uncertainty, key by key', () => {
  const fence = { never: ['CN'], uncertain: { unknown: 'allow' } }
  expect(judge(fence, { location: placed('23.192.228.7') })).toEqual(span('unknown', 'allow'))
  expect(judge(fence, { location: placed('23.192.228.7', { A: 'CN', B: 'US' }) })).toEqual(span('disputed', 'block'))
})

test('local destinations are reached by "never: anywhere" only', () => {
  const location = placed('10.0.0.5')
  expect(judge({ only: ['IN'] }, { location })).toEqual(span('not-applied', 'allow'))
  expect(judge({ never: 'anywhere' }, { location })).toEqual(span('violated', 'block'))
})

test('without an address a fence on countries is open up to its action', () => {
  expect(judge({ never: ['CN'] }, { location: undefined })).toEqual(span('open', 'allow', 'block'))
  expect(judge({ never: ['CN'], action: 'log' }, { location: undefined })).toEqual(span('open', 'allow', 'log'))
  expect(judge({ never: 'anywhere' }, { location: undefined })).toEqual(span('violated', 'block'))
})

test('a violation is open while its traffic may still not match', () => {
  const fence = { traffic: { host: 'zoom.us' }, never: ['CN'] }
  expect(judge(fence, { namesFinal: false })).toEqual(span('open', 'allow', 'block'))
  expect(judge(fence, { namesFinal: false, names: [claimed('zoom.us')] })).toEqual(span('violated', 'block'))
  expect(judge(fence, { namesFinal: true })).toEqual(span('not-applied', 'allow'))
})

test('a violation is open while an exception may still come true', () => {
  const fence = { never: ['CN'], except: [{ host: 'zoom.us', reason: 'x' }] }
  expect(judge(fence, { namesFinal: false })).toEqual(span('open', 'allow', 'block'))
  expect(judge(fence, { namesFinal: false, names: [asked('zoom.us')] })).toEqual(span('excepted', 'allow'))
  expect(judge(fence, { namesFinal: true, names: [claimed('zoom.us')] })).toEqual(span('violated', 'block'))
})

test('what is allowed anyway needs no exception', () => {
  const fence = { never: ['CN'], uncertain: { unknown: 'allow' }, except: [{ client: '0.0.0.0/0', reason: 'x' }] }
  expect(judge(fence, { location: placed('23.192.228.7') })).toEqual(span('unknown', 'allow'))
})

test('where there was no table to ask, a fence on countries takes the worst for true, whatever it says of the unknown', () => {
  const location = { ...placed('8.8.8.8'), located: false }
  const lenient = { uncertain: { unknown: 'allow', disputed: 'allow', anycast: 'allow' } }
  expect(judge({ never: ['CN'], ...lenient }, { location })).toEqual(span('unlocated', 'block'))
  expect(judge({ only: ['US'], ...lenient }, { location })).toEqual(span('unlocated', 'block'))
  expect(judge({ never: ['CN'], action: 'log' }, { location })).toEqual(span('unlocated', 'log'))
  expect(judge({ never: 'anywhere' }, { location })).toEqual(span('violated', 'block'))
  expect(judge({ never: ['CN'] }, { location: { ...placed('10.0.0.5'), located: false } })).toEqual(span('not-applied', 'allow'))
})

test('there an exception that names a territory does not lift, and one that names none does', () => {
  const location = { ...placed('8.8.8.8'), located: false }
  const names = [asked('zoom.us')]
  const except = (more: object) => ({ never: ['CN'], except: [{ host: ['zoom.us'], reason: 'ours', ...more }] })
  expect(judge(except({ to: ['US'] }), { location, names })).toEqual(span('unlocated', 'block'))
  expect(judge(except({}), { location, names })).toEqual(span('excepted', 'allow'))
})

test('what could not be placed is never let through by a fence that would stop it in some place', () => {
  const countries = fc.uniqueArray(fc.constantFrom('CN', 'US', 'IN'), { minLength: 1 })
  const effect = fc.constantFrom('allow', 'log', 'block')
  const fence = fc
    .record({
      territory: fc.oneof(
        countries.map((never) => ({ never })),
        countries.map((only) => ({ only })),
      ),
      rest: fc.record(
        {
          action: fc.constantFrom('block', 'log'),
          uncertain: fc.record({ disputed: effect, unknown: effect, anycast: effect }),
          traffic: fc.constantFrom({ port: 443 }, { port: 80 }, { host: 'zoom.us' }),
          except: fc.constantFrom(
            [{ host: 'zoom.us', reason: 'x' }],
            [{ host: 'zoom.us', to: ['US'], reason: 'x' }],
            [{ host: 'other.example', reason: 'x' }],
          ),
        },
        { requiredKeys: [] },
      ),
    })
    .map(({ territory, rest }) => ({ ...territory, ...rest }))
  const said = fc.record({ A: fc.constantFrom('CN', 'US', 'IN', 'DE', null), B: fc.constantFrom('CN', 'US', null) })
  const address = fc.constantFrom('8.8.8.8', '2001:67c::1', '10.0.0.5')
  fc.assert(
    fc.property(fence, said, address, fc.boolean(), fc.boolean(), (body, answers, at, anycast, named) => {
      const names = named ? [asked('zoom.us')] : []
      const somewhere = judge(body, { location: placed(at, answers, anycast), names })
      const nowhere = judge(body, { location: { ...placed(at), located: false }, names })
      expect(severest(nowhere.low, somewhere.low)).toBe(nowhere.low)
      expect(nowhere.low).toBe(nowhere.high)
      if (at === '10.0.0.5') expect(nowhere).toEqual(somewhere)
    }),
  )
})
