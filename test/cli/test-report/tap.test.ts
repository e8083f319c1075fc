import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tap } from '../../../src/cli/test-report/tap.ts'
import { oneLine } from '../../../src/cli/test-report/wording.ts'
import { anySuites, harmful, suites } from './made-up.ts'
import { readTap } from './tap-grammar.ts'

test('a test point each, and what failed in YAML', () =>
  expect(tap(suites.slice(0, 2), 0.2)).toBe(`TAP version 14
1..3
ok 1 - no-cn: tests[0] 52.81.151.250:443
not ok 2 - no-cn: tests[1] zoom.us:443
  ---
  message: "expected block, got log"
  severity: "fail"
  expected: "block"
  because: "no-cn"
  got: "log"
  decided_by: ["watch"]
  difference: "It should be blocked by fence \\"no-cn\\", and is flagged by fence \\"watch\\"."
  sentence: "Flagged: zoom.us:443 by fence \\"watch\\" (violated)."
  at: "packs/no-cn.yaml:13"
  ...
not ok 3 - no-cn: tests[2] R&D <\\#1>
  ---
  message: "block, but not by fence \\"no-cn\\", \\"no-ru\\"; that was \\"all\\""
  severity: "fail"
  expected: "block"
  because: "no-cn, no-ru"
  got: "block"
  decided_by: ["all"]
  difference: "It should be blocked by fences \\"no-cn\\", \\"no-ru\\", and is blocked by fence \\"all\\"."
  sentence: "Blocked: rd.example:443 by fence \\"all\\" (violated)."
  at: "packs/no-cn.yaml"
  ...
# observe (packs/observe.yaml) has no tests
# 1 passed, 2 failed, 0.200 s
`))

test('without tests, all is skipped', () =>
  expect(tap([], 0)).toBe('TAP version 14\n1..0 # SKIP there are no tests\n# 0 passed, 0 failed, 0.000 s\n'))

test('any texts: it is in the grammar, and reads back as it was', () =>
  fc.assert(
    fc.property(anySuites, (any) => {
      const report = tap(any, 1)
      expect(report).not.toMatch(harmful)
      const wanted = any.flatMap(({ policy, file, results }) =>
        results.map(({ name, passed, line, expected, got, sentence, why }) => ({
          ok: passed,
          description: oneLine(`${policy}: ${name}`),
          diagnostic: passed
            ? null
            : expect.objectContaining({
                message: why?.toWellFormed() === why ? why : expect.any(String),
                sentence: sentence.toWellFormed() === sentence ? sentence : expect.any(String),
                expected: expected.effect,
                because: expected.because,
                got: got.effect,
                decided_by: got.decidedBy,
                at: file.toWellFormed() === file ? `${file}${line === null ? '' : `:${line}`}` : expect.any(String),
              }),
        })),
      )
      expect(readTap(report)).toEqual(wanted)
    }),
  ))

const perl = spawnSync('perl', ['-MTAP::Parser', '-e', '1']).status === 0

const script = `
binmode STDOUT, ":utf8"; binmode STDIN, ":utf8"; local $/;
my $parser = TAP::Parser->new({ tap => scalar <STDIN> });
while (my $result = $parser->next) {
  die "not TAP: " . $result->raw if $result->is_unknown;
  next unless $result->is_test;
  printf "%d %s %s%s\\n", $result->number, $result->is_ok ? "ok" : "failed", $result->has_todo || $result->has_skip ? "directive " : "", $result->description;
}
print "$_\\n" for $parser->parse_errors;
`

test("perl's own reader, the reference of TAP, reads the same", (context) => {
  if (!perl) return context.skip('this machine has no perl with TAP::Parser')
  const nasty = ['# TODO later', 'a # SKIP b', 'back\\slash', 'both \\# of them', 'line\nok 9 - more', 'Bail out!']
  const [first] = suites
  const results = nasty.flatMap((name) => first!.results.slice(0, 2).map((result) => ({ ...result, name, sentence: name })))
  // It knows versions up to 13, of which these lines are too.
  const input = tap([{ ...first!, results }], 0).replace('version 14', 'version 13')
  const { stdout, stderr } = spawnSync('perl', ['-MTAP::Parser', '-e', script], { input, encoding: 'utf8' })
  expect(stderr).toBe('')
  const escaped = (name: string) => oneLine(name).replace(/[\\#]/g, '\\$&')
  expect(stdout.trimEnd().split('\n')).toEqual(
    results.map(({ name, passed }, i) => `${i + 1} ${passed ? 'ok' : 'failed'} - no-cn: ${escaped(name)}`),
  )
})
