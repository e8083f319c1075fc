import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { doctorCommand } from '../../../src/cli/commands/doctor.ts'
import { mmdb } from '../../support/mmdb-writer.ts'
import { healthy } from '../doctor/patient.ts'
import { folderWith, ran } from '../screen.ts'

function node(settings = healthy, files: Readonly<Record<string, string>> = {}) {
  const folder = folderWith({
    'one.mmdb': mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]], built: '2026-06-01' }),
    'ringfence.yaml': settings,
    ...files,
  })
  return {
    folder,
    run: (...args: readonly string[]) =>
      ran((out) => doctorCommand(() => out), ['--offline', '--config', path.join(folder, 'ringfence.yaml'), ...args]),
  }
}

const order = ['settings', 'folders', 'clock', 'doors', 'resolver', 'upstream', 'data', 'self-test']

test('from the ground up, each with a word; warnings do not fail', async () => {
  const { shown, code } = await node().run()
  expect(code).toBe(0)
  const [report = '', verdict] = shown.split('\n\n')
  expect(
    report
      .split('\n')
      .flatMap((line) => /^\S+ +(\S+) {2,}/.exec(line)?.[1] ?? [])
      .filter((word) => order.includes(word)),
  ).toEqual(order)
  expect(verdict).toMatch(/^All works/)
})

test('nothing is changed by it', async () => {
  const one = node()
  mkdirSync(path.join(one.folder, 'flows'), { mode: 0o700 })
  const before = readdirSync(one.folder, { recursive: true })
  await one.run()
  expect(readdirSync(one.folder, { recursive: true })).toEqual(before)
})

test('what fails is said with what mends it, and gives exit code 1', async () => {
  const one = node()
  writeFileSync(path.join(one.folder, 'one.mmdb'), 'no database')
  const { shown, code } = await one.run()
  expect(code).toBe(1)
  expect(shown).toMatch(/^FAIL {2}data {7}none is good, so .*one\.mmdb: not an mmdb file.*\n {17}→ .*ringfence geoip update/m)
  expect(shown).toMatch(/\n\n1 failed/)
})

test('settings with faults are the only finding, all of them', async () => {
  const { shown, code } = await node('policy: 7\nlimits: { head_bytes: 1 }\n').run()
  expect(code).toBe(1)
  expect(shown.match(/^FAIL/gm)).toHaveLength(2)
  expect(shown).toMatch(/ringfence\.yaml:1:9 policy/)
  expect((await node('policy: no-such-pack\n').run()).shown).toContain('there is no policy pack "no-such-pack"')
})

test('a policy with faults is told with each of its lines', async () => {
  const policy =
    'version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: block, anycast: block }\nfences:\n  - { name: a, never: [UK] }\n  - { name: b, never: [XX] }\n'
  const { shown, code } = await node(`${healthy}policy: ./p.yaml\n`, { 'p.yaml': policy }).run()
  expect(code).toBe(1)
  expect(shown).toMatch(/^FAIL {2}settings {3}.*p\.yaml:5:\d+ .*"UK".*"GB"/m)
  expect(shown).toMatch(/^FAIL {13}.*p\.yaml:6:\d+ .*"XX"/m)
})

test('data that is locked by a file that is not there fails, and the other checks run all the same', async () => {
  const settings = healthy.replace('geoip: { folder: geoip,', 'geoip: { folder: geoip, lock: no.lock,')
  const { shown, code } = await node(settings).run()
  expect(code).toBe(1)
  expect(shown).toMatch(/^FAIL {2}data .*no\.lock/m)
  expect(shown).toMatch(/^ok {4}clock/m)
})

test('as JSON', async () => {
  const { works, checks } = JSON.parse((await node().run('--json')).shown)
  expect(works).toBe(true)
  expect(checks.map(({ check }: { check: string }) => check)).toEqual(order)
  expect(checks[0].findings).toMatchObject([{ state: 'ok' }])
})
