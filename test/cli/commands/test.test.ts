import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { testCommand } from '../../../src/cli/commands/test.ts'
import { ConfigErrors } from '../../../src/model/errors.ts'
import { folderWith, ran, world } from '../screen.ts'
import { readTap } from '../test-report/tap-grammar.ts'
import { readXml } from '../test-report/xml.ts'

const uncertain = { disputed: 'block', unknown: 'block', anycast: 'block' }
const written = (tests: readonly object[], rest: object = {}) =>
  stringify({ version: 1, mode: 'observe', uncertain, fences: [{ name: 'no-cn', never: ['CN'] }], ...rest, tests })

const blocked = { to: 'zoom.us:443', given: { server: 'CN' }, expect: 'block', because: 'no-cn' }
const wrong = { to: 'zoom.us:443', given: { server: 'US' }, expect: 'block', because: 'no-cn' }
/** By the data in force. */
const located = { to: '52.81.151.250:443', expect: 'block', because: 'no-cn' }

const files = {
  ...world,
  'good.yaml': written([blocked, located]),
  'bad.yaml': written([blocked, wrong]),
  'bare.yaml': written([]),
  'faulty.yaml': written([{ ...blocked, because: 'no-cm' }]),
  'broken.yaml': 'version: 2\n',
  'with-bad.yaml': `policy: bad.yaml\n${world['ringfence.yaml']}`,
}

function here() {
  const folder = folderWith(files)
  const at = (name: string) => path.join(folder, name)
  const notes: string[] = []
  /** Words that are files of the folder stand for their paths. */
  const run = async (...args: readonly string[]) => {
    const words = args.map((arg) => (arg in files ? at(arg) : arg))
    const config = words.includes('--config') ? [] : ['--config', at('ringfence.yaml')]
    const { shown, ...rest } = await ran(
      (out) =>
        testCommand(
          () => out,
          (line) => notes.push(line),
        ),
      [...words, ...config],
    )
    return { shown: shown.replaceAll(`${folder}${path.sep}`, '').replace(/ in \d+\.\d s$/m, ' in 0.0 s'), ...rest }
  }
  return { run, at, notes }
}

test('all pass, also those that ask the data: exit code 0', async () => {
  const { run, notes } = here()
  expect(await run('good.yaml')).toEqual({
    shown: `good.yaml
  ✓ tests[0] zoom.us:443
  ✓ tests[1] 52.81.151.250:443

2 tests of 1 policy in 0.0 s
2 passed, 0 failed
`,
    code: 0,
    error: null,
  })
  expect(notes).toEqual([])
})

test('one fails: it is explained, and the exit code is 1', async () => {
  const { shown, code } = await here().run('good.yaml', 'bad.yaml')
  expect(code).toBe(1)
  expect(shown).toMatch(
    /^✗ tests\[1\] zoom\.us:443 \(bad\.yaml:\d+\)\n {2}It should be blocked by fence "no-cn", and is allowed; no fence decided\.\n/,
  )
  expect(shown).toMatch(/\n4 tests of 2 policies in 0\.0 s\n3 passed, 1 failed\n$/)
})

test('without a name it is the policy of the settings', async () => {
  const { shown, code } = await here().run('--config', 'with-bad.yaml')
  expect([shown.split('\n').at(-2), code]).toEqual(['1 passed, 1 failed', 1])
})

test('a pack by its name', async () => {
  const { shown, code } = await here().run('no-cn')
  expect(shown).toMatch(/ passed, 0 failed\n$/)
  expect(code).toBe(0)
})

test('a policy without tests is said, and a failure only where tests are required', async () => {
  const { run, notes, at } = here()
  const without = await run('bare.yaml')
  expect(without).toEqual({ shown: 'bare.yaml: no tests\n\n0 tests of 1 policy in 0.0 s\n0 passed, 0 failed\n', code: 0, error: null })
  expect(notes).toEqual([])
  expect((await run('bare.yaml', 'good.yaml', '--require-tests')).code).toBe(1)
  expect(notes).toHaveLength(1)
  expect(notes[0]).toMatch(/^policy .* has no tests, and --require-tests asks for some$/)
  expect(notes[0]).toContain(at('bare.yaml').slice(0, 20))
  expect((await run('good.yaml', '--require-tests')).code).toBe(0)
})

test('--format: the same results for programs', async () => {
  const { run } = here()
  expect(readTap((await run('bad.yaml', '--format', 'tap')).shown).map(({ ok }) => ok)).toEqual([true, false])
  expect(readXml((await run('bad.yaml', '--format', 'junit')).shown).attributes).toMatchObject({ tests: '2', failures: '1' })
  expect(JSON.parse((await run('bad.yaml', '--format', 'json')).shown)).toMatchObject({ passed: 1, failed: 1 })
})

test('--out: the report is in the file, the screen shows it as text', async () => {
  const { run, at } = here()
  const { shown, code } = await run('bad.yaml', '--format', 'junit', '--out', at('report.xml'))
  expect([shown.split('\n').at(-2), code]).toEqual(['1 passed, 1 failed', 1])
  expect(readXml(fs.readFileSync(at('report.xml'), 'utf8')).attributes).toMatchObject({ tests: '2', failures: '1' })
  const failed = await run('good.yaml', '--out', at('no-folder/report.xml'))
  expect([failed.code, failed.error]).toEqual([2, expect.stringMatching(/^test: .* could not be written: no such file or directory$/)])
})

test('bad input: exit code 2, with every fault of every policy', async () => {
  const { run } = here()
  const faults = await run('faulty.yaml', 'broken.yaml', 'good.yaml').then(
    () => [],
    (error: unknown) =>
      error instanceof ConfigErrors ? error.problems.map(({ position, path: at }) => [path.basename(position.file), at]) : [error],
  )
  expect(faults).toEqual(
    expect.arrayContaining([
      ['faulty.yaml', 'tests[0].because'],
      ['broken.yaml', 'version'],
    ]),
  )
  expect(await run('no-such-pack')).toMatchObject({ shown: '', code: 2 })
  expect(await run('good.yaml', '--format', 'junt')).toMatchObject({
    code: 2,
    error: 'test: "junt" is no form of report, did you mean "junit"?',
  })
})
