import path from 'node:path'
import { expect, test } from 'vitest'
import { checkCommand } from '../../../../src/cli/commands/policy/check.ts'
import { ConfigErrors } from '../../../../src/model/errors.ts'
import { folderWith, ran, world } from '../../screen.ts'

const head = 'version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: block, anycast: allow }\nlocal_network: allow\n'

async function check(policy: string, ...args: string[]) {
  const folder = folderWith({ ...world, 'policy.yaml': policy })
  const file = path.join(folder, 'policy.yaml')
  const { shown, code, error } = await ran(
    (out) => checkCommand(() => out),
    [file, '--config', path.join(folder, 'ringfence.yaml'), ...args],
  )
  return { shown: shown.replaceAll(`${folder}${path.sep}`, ''), code, error }
}

test('a sound policy is one line', async () => {
  const { shown, code } = await check(
    `${head}fences: [{ name: a, never: [CN] }]\ntests:\n  - { to: "52.81.151.250:443", expect: block }\n  - { to: "b.example:1", given: { server: US }, expect: allow }\n`,
  )
  expect({ shown, code }).toEqual({ shown: 'policy.yaml: mode enforce, 1 fence; 2 of 2 tests passed; 0 warnings\n', code: 0 })
})

test('warnings have their place, and count as failures where somebody is strict', async () => {
  const policy = `${head}fences:\n  - { name: a, only: [IN], except: [{ host: b.example, until: 2020-01-01, reason: old }] }\n  - { name: off, never: [RU], enabled: false }\n`
  const { shown, code } = await check(policy)
  expect(shown).toBe(
    'warning: policy.yaml:6:1: an exception of fence "a" ("old") ended on 2020-01-01\npolicy.yaml: mode enforce, 1 fence (1 more is off: off); it has no tests; 1 warning\n',
  )
  expect(code).toBe(0)
  expect((await check(policy, '--strict')).code).toBe(1)
})

test('a file that does not say local_network is told, since a door on the network could not open', async () => {
  const { shown } = await check(`${head.replace('local_network: allow\n', '')}fences: [{ name: a, never: [CN] }]\n`)
  expect(shown).toMatch(/^warning: policy\.yaml:1:1: says nothing of "local_network"/)
})

test('a failed test says which fence was expected and which decided', async () => {
  const { shown, code } = await check(
    `${head}fences: [{ name: a, never: [CN] }, { name: b, never: [RU] }]\ntests: [{ to: "52.81.151.250:443", expect: block, because: b }]\n`,
  )
  expect(shown).toMatch(/^failed: policy\.yaml:6: tests\[0\] 52\.81\.151\.250:443: block, but not by fence "b"; that was "a"\n/)
  expect(code).toBe(1)
})

test('faults are the compiler’s', async () => {
  await expect(check(`${head}fences: [{ name: a, never: [UK] }]\n`)).rejects.toThrow(ConfigErrors)
})

test('as JSON', async () => {
  const { shown } = await check(
    `${head}fences: [{ name: a, never: [CN] }]\ntests: [{ to: "a.example:1", given: { server: CN }, expect: block }]\n`,
    '--json',
  )
  expect(JSON.parse(shown)).toMatchObject({ mode: 'enforce', fences: 1, off: 0, warnings: [], tests: [{ passed: true }] })
})
