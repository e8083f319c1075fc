import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { junit } from '../../../src/cli/test-report/junit.ts'
import { anySuites, harmful, suites } from './made-up.ts'
import { readXml, type XmlElement } from './xml.ts'

test('a suite for each policy, a case for each test', () =>
  expect(junit(suites, 0.24)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="ringfence test" tests="4" failures="3" errors="0" skipped="0" time="0.240">
  <testsuite name="no-cn" tests="3" failures="2" errors="0" skipped="0" file="packs/no-cn.yaml">
    <testcase name="tests[0] 52.81.151.250:443" classname="no-cn" file="packs/no-cn.yaml" line="12"/>
    <testcase name="tests[1] zoom.us:443" classname="no-cn" file="packs/no-cn.yaml" line="13">
      <failure message="expected block, got log" type="effect">packs/no-cn.yaml:13
It should be blocked by fence &quot;no-cn&quot;, and is flagged by fence &quot;watch&quot;.
Flagged: zoom.us:443 by fence &quot;watch&quot; (violated).</failure>
    </testcase>
    <testcase name="tests[2] R&amp;D &lt;#1&gt;" classname="no-cn" file="packs/no-cn.yaml">
      <failure message="block, but not by fence &quot;no-cn&quot;, &quot;no-ru&quot;; that was &quot;all&quot;" type="fence">packs/no-cn.yaml
It should be blocked by fences &quot;no-cn&quot;, &quot;no-ru&quot;, and is blocked by fence &quot;all&quot;.
Blocked: rd.example:443 by fence &quot;all&quot; (violated).</failure>
    </testcase>
  </testsuite>
  <testsuite name="observe" tests="0" failures="0" errors="0" skipped="0" file="packs/observe.yaml">
  </testsuite>
  <testsuite name="pay.yaml" tests="1" failures="1" errors="0" skipped="0" file="pay.yaml">
    <testcase name="tests[0] pay.example:443" classname="pay.yaml" file="pay.yaml" line="40">
      <failure message="fence &quot;hours&quot; depends on the time: say it with &quot;at&quot;" type="not-judged">pay.yaml:40
It should be allowed, and could not be judged.
It could not be judged.</failure>
    </testcase>
  </testsuite>
</testsuites>
`))

const countsOf = ({ attributes }: XmlElement) => [Number(attributes.tests), Number(attributes.failures)]
const sum = (all: readonly (readonly number[])[]) => [0, 1].map((i) => all.reduce((total, counts) => total + (counts[i] ?? 0), 0))

test('any texts: it is well-formed, every test is in it, and its counts are right', () =>
  fc.assert(
    fc.property(anySuites, (any) => {
      const report = junit(any, 1)
      expect(report).not.toMatch(harmful)
      const root = readXml(report)
      expect(countsOf(root)).toEqual(sum(root.children.map(countsOf)))
      const cases = root.children.map(({ children }) => children)
      expect(root.children.map(countsOf)).toEqual(
        cases.map((each) => [each.length, each.filter(({ children }) => children.length > 0).length]),
      )
      expect(cases.map((each) => each.map(({ children }) => children.map(({ name }) => name)))).toEqual(
        any.map(({ results }) => results.map(({ passed }) => (passed ? [] : ['failure']))),
      )
    }),
  ))

test('text that needs no escape for a terminal is read back as it was', () => {
  const [first] = suites
  const name = `<a href='b'> & "c" ]]> – 😀 Ünï`
  const root = readXml(junit([{ ...first!, results: [{ ...first!.results[1]!, name, why: name, sentence: name }] }], 0))
  const [only] = root.children[0]!.children
  expect([only?.attributes.name, only?.children[0]?.attributes.message]).toEqual([name, name])
  expect(only?.children[0]?.text.split('\n')[2]).toBe(name)
})

test('what XML forbids even as a reference is shown by its code', () => {
  const [first] = suites
  const root = readXml(junit([{ ...first!, policy: 'a\u0000\u001b\u0008\ufffe\uffff\ud800b', results: [] }], 0))
  expect(root.children[0]?.attributes.name).toBe('a\\u0000\\u001b\\u0008\\ufffe\\uffff\ufffdb')
})

const python = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0

test("python's expat reads it too", (context) => {
  if (!python) return context.skip('this machine has no python3')
  const [many] = fc.sample(
    fc.array(anySuites, { minLength: 60, maxLength: 60 }).map((all) => all.flat()),
    { numRuns: 1, seed: 14 },
  )
  const script = 'import sys, xml.etree.ElementTree as e; print(len(e.fromstring(sys.stdin.buffer.read()).findall("./testsuite/testcase")))'
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: junit(many!, 0), encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(Number(stdout)).toBe(many!.flatMap(({ results }) => results).length)
})
