import { expect, test } from 'vitest'
import { canaries } from '../../../src/cli/doctor/self-test.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { patient, said, states } from './patient.ts'

const enforcing = (unknown: string) =>
  compilePolicy(
    `version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: ${unknown}, anycast: allow }\nfences: [{ name: no-cn, never: [CN] }]\n`,
    'p.yaml',
    'p.yaml',
  )

test('fences that stop their canaries are well; one that lets a known address through fails', async () => {
  // This node's data knows nothing of China.
  const one = await patient()
  expect(states(await canaries({ ...one, policy: enforcing('block') }))).toEqual(['ok'])
  const findings = await canaries({ ...one, policy: enforcing('allow') })
  expect(states(findings)).toEqual(['fail'])
  expect(said(findings)).toMatch(
    /^FAILED: fence "no-cn" did not stop 202\.96\.128\.86 in China \(CN\): .* → ringfence geoip update, ringfence geoip rollback, or "unknown: block"/,
  )
  expect(said(await canaries(one))).toBe('no fence forbids a country')
})

test('without data all is stopped, which is well, and said', async () => {
  const one = await patient()
  const findings = await canaries({ ...one, policy: enforcing('allow'), opened: { table: null, refused: null } })
  expect(findings).toEqual([{ state: 'ok', says: 'the one canary was stopped (there is no location data, so that everything is)' }])
})
