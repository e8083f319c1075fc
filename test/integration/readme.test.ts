/** What the documents tell people to write is what the program takes. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { shippedLibrary } from '../../src/config/library.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { runTests } from '../../src/policy/suite.ts'

const root = path.join(import.meta.dirname, '..', '..')
const library = shippedLibrary()
const ours = { text: 'version: 1\nmode: enforce\n', file: 'ours.yaml', name: './ours.yaml' }

const policies = ['README.md', 'config/README.md'].flatMap((file) =>
  [...fs.readFileSync(path.join(root, file), 'utf8').matchAll(/```yaml\n(version: 1\n.*?)```/gs)].map(
    ([, text = '']) => [file, text] as const,
  ),
)

test.each(policies)('a policy in %s compiles without warnings, and its tests pass', (file, text) => {
  const find = (name: string, from: string) => (name === ours.name ? ours : library.find(name, from))
  const policy = compilePolicy(text, file, file, { apps: library.apps, groups: library.groups, find })
  expect(policy.warnings).toEqual([])
  expect(policy.tests.length).toBeGreaterThan(0)
  expect(runTests(policy, { apps: library.apps, locate: null }).results.filter(({ passed }) => !passed)).toEqual([])
})

test('there is one in each', () => expect(policies.map(([file]) => file)).toEqual(['README.md', 'config/README.md']))
