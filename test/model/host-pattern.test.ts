import { expect, test } from 'vitest'
import { formatHostPattern, isHostPattern, matchesHostPattern, parseHostPattern, patternOf } from '../../src/model/host-pattern.ts'

const matches = (text: string, ...hosts: readonly string[]): readonly boolean[] => {
  const pattern = parseHostPattern(text)
  if (!isHostPattern(pattern)) throw new Error(pattern.problem)
  return hosts.map((host) => matchesHostPattern(pattern, host))
}

test('a name stands for itself, with a star for those below it, with a dot for both', () => {
  const hosts = ['zoom.us', 'web.zoom.us', 'a.b.zoom.us', 'azoom.us', 'us'] as const
  expect(matches('zoom.us', ...hosts)).toEqual([true, false, false, false, false])
  expect(matches('*.zoom.us', ...hosts)).toEqual([false, true, true, false, false])
  expect(matches('.zoom.us', ...hosts)).toEqual([true, true, true, false, false])
})

test('the name is canonicalised, and a pattern prints as it is read', () => {
  for (const [text, canonical] of [
    ['ZOOM.us.', 'zoom.us'],
    ['*.zoom.US', '*.zoom.us'],
    ['*.Bücher.example', '*.xn--bcher-kva.example'],
    ['.US', '.us'],
  ] as const) {
    const pattern = parseHostPattern(text)
    expect(isHostPattern(pattern) && formatHostPattern(pattern)).toBe(canonical)
    expect(patternOf(canonical)).toEqual(pattern)
  }
})

test.each(['', '*.', '.', '*', 'a.*.example', '**.example', '*.10.0.0.1', '10.0.0.1', 'a b', 'x\0y'])('%j is no pattern', (text) => {
  expect(isHostPattern(parseHostPattern(text))).toBe(false)
})
