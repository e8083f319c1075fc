import path from 'node:path'
import { expect, test } from 'vitest'
import { policyAsked, testsOf } from '../../src/cli/policy-asked.ts'
import { folderWith, world } from './screen.ts'

const policy = `version: 1
mode: enforce
uncertain: { disputed: block, unknown: block, anycast: allow }
fences: [{ name: a, never: [CN] }]
tests: [{ to: "52.81.151.250:443", expect: block, because: a }]
`

const node = (settings: string) =>
  path.join(folderWith({ ...world, 'policy.yaml': policy, 'ringfence.yaml': `${world['ringfence.yaml']}${settings}` }), 'ringfence.yaml')

test('the policy that is named comes before the one of the settings', async () => {
  const config = node('policy: ./policy.yaml\n')
  expect((await policyAsked(undefined, { config })).policy.fences).toHaveLength(1)
  expect((await policyAsked('observe', { config })).policy.name).toBe('observe')
})

test('that of the settings must fit their doors, another need not', async () => {
  const config = node('policy: ./policy.yaml\ninbounds: [{ type: mixed, listen: "0.0.0.0:8080", clients: [10.0.0.0/8] }]\n')
  await expect(policyAsked(undefined, { config })).rejects.toThrow(/must say under "local_network"/)
  expect((await policyAsked(path.join(path.dirname(config), 'policy.yaml'), { config })).policy.fences).toHaveLength(1)
})

test('a test that names an address is judged by the data of the settings', async () => {
  const suite = await testsOf(await policyAsked(undefined, { config: node('policy: ./policy.yaml\n') }))
  expect(suite.results).toMatchObject([{ passed: true, got: { effect: 'block', decidedBy: ['a'] } }])
})
