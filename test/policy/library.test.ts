import { expect, test } from 'vitest'
import { noLibrary } from '../../src/policy/library.ts'
import { faultsOf, hostname, ip, policy, strict } from './words.ts'

test('a policy that refers to nothing needs no library', () => {
  expect([noLibrary.apps.apps.size, noLibrary.groups.size]).toEqual([0, 0])
  expect([noLibrary.apps.named(hostname('zoom.us')), noLibrary.apps.at(ip('192.0.2.1'))]).toEqual([[], []])
  expect(policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'] }] }).fences).toHaveLength(1)
})

test('whatever refers to something is told that there is nothing', () =>
  expect(faultsOf(() => policy({ extends: 'no-cn', fences: [{ name: 'a', traffic: { app: 'zoom' }, never: ['eea'] }] }))).toEqual([
    'test.yaml:3:10 extends: there is no policy "no-cn"',
    expect.stringContaining('fences[0]: say what happens'),
    'test.yaml:7:12 fences[0].traffic.app: "zoom" is no app of the catalogue ("ringfence apps" lists them)',
    'test.yaml:9:9 fences[0].never[0]: "eea" is no country code and no group',
  ]))
