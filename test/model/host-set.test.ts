import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HostPattern, matchesHostPattern, patternOf } from '../../src/model/host-pattern.ts'
import { HostMap, HostSet } from '../../src/model/host-set.ts'

/** Few labels, so that patterns lie in each other. */
const name = fc.array(fc.constantFrom('a', 'b', 'aa', 'example'), { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'))
const pattern = fc.tuple(fc.constantFrom('', '.', '*.'), name).map(([prefix, text]) => patternOf(prefix + text))

const labels = ({ name: text }: HostPattern): number => text.split('.').length

test('a name is in a set if one of its patterns matches', () =>
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 8 }), name, (patterns, asked) => {
      expect(new HostSet(patterns).has(asked)).toBe(patterns.some((each) => matchesHostPattern(each, asked)))
    }),
    { numRuns: 2000 },
  ))

test('a map tells the values of all patterns that match, each once, those nearest to the name first', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(pattern, fc.nat(4)), { maxLength: 12 }), name, (entries, asked) => {
      const matching = entries.filter(([each]) => matchesHostPattern(each, asked)).sort(([a], [b]) => labels(b) - labels(a))
      expect(new HostMap(entries).get(asked)).toEqual([...new Set(matching.map(([, value]) => value))])
    }),
    { numRuns: 2000 },
  ))

test('names of one pattern share one array, which nobody can change', () => {
  const map = new HostMap([
    [patternOf('.zoom.us'), 'zoom'],
    [patternOf('zoom.com'), 'zoom'],
    [patternOf('web.zoom.us'), 'web'],
  ])
  expect(map.get('us04.zoom.us')).toBe(map.get('zoom.com'))
  expect(map.get('web.zoom.us')).toEqual(['web', 'zoom'])
  expect(map.get('zoom.example')).toBe(map.get('com'))
  expect(Object.isFrozen(map.get('zoom.us')) && Object.isFrozen(map.get('zoom.example'))).toBe(true)
})
