import fc from 'fast-check'
import { expect, test } from 'vitest'
import { text } from '../../../src/cli/test-report/text.ts'
import { anySuites, harmful, suites } from './made-up.ts'

test('what failed comes first and is explained, the counts are the last line', () =>
  expect(text(suites, 0.24)).toBe(`✗ tests[1] zoom.us:443 (packs/no-cn.yaml:13)
  It should be blocked by fence "no-cn", and is flagged by fence "watch".
  Flagged: zoom.us:443 by fence "watch" (violated).
  Why it fails: expected block, got log

✗ tests[2] R&D <#1> (packs/no-cn.yaml)
  It should be blocked by fences "no-cn", "no-ru", and is blocked by fence "all".
  Blocked: rd.example:443 by fence "all" (violated).
  Why it fails: block, but not by fence "no-cn", "no-ru"; that was "all"

✗ tests[0] pay.example:443 (pay.yaml:40)
  It should be allowed, and could not be judged.
  Why it fails: fence "hours" depends on the time: say it with "at"

no-cn (packs/no-cn.yaml)
  ✓ tests[0] 52.81.151.250:443
  ✗ tests[1] zoom.us:443
  ✗ tests[2] R&D <#1>

observe (packs/observe.yaml): no tests

pay.yaml
  ✗ tests[0] pay.example:443

4 tests of 3 policies in 0.2 s
1 passed, 3 failed
`))

test('where all is well there is nothing to explain', () => {
  const [first] = suites
  const well = [{ ...first!, results: first!.results.slice(0, 1) }]
  expect(text(well, 0, { colour: true })).toBe(`\u001b[1mno-cn\u001b[0m (packs/no-cn.yaml)
  ✓ tests[0] 52.81.151.250:443

1 test of 1 policy in 0.0 s
1 passed, 0 failed
`)
})

test('on a terminal, failures are red', () => {
  const shown = text(suites, 0, { colour: true })
  expect(shown).toContain('\u001b[31m✗\u001b[0m \u001b[1mtests[1] zoom.us:443\u001b[0m (packs/no-cn.yaml:13)\n')
  expect(shown).toMatch(/\n\u001b\[31m1 passed, 3 failed\u001b\[0m\n$/)
})

test('text from a policy moves no cursor and starts no line', () =>
  fc.assert(
    fc.property(anySuites, (any) => {
      const shown = text(any, 0)
      expect(shown).not.toMatch(harmful)
      const results = any.flatMap((suite) => suite.results)
      const failed = results.filter(({ passed }) => !passed)
      const explained = failed.reduce((sum, { got }) => sum + (got.effect === null ? 4 : 5), 0)
      expect(shown.split('\n')).toHaveLength(explained + results.length + 2 * any.length + 3)
      expect(shown.split('\n').at(-2)).toBe(`${results.length - failed.length} passed, ${failed.length} failed`)
    }),
  ))
