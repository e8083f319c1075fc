import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { diffCommand } from '../../../../src/cli/commands/policy/diff.ts'
import { ConfigErrors } from '../../../../src/model/errors.ts'
import { madeUpFolder } from '../../../records/made-up.ts'
import { folderWith } from '../../screen.ts'
import { asked, china, recorded, visit } from './recorded.ts'

beforeEach(() => {
  vi.stubEnv('PATH', '')
})

const uncertain = 'uncertain: { disputed: block, unknown: block, anycast: allow }'
const a = `version: 1\nmode: enforce\n${uncertain}\nfences:
  - { name: china, never: [CN] }
  - { name: both, never: [RU] }
  - { name: left, never: [KP] }
`
const b = `version: 1\nmode: observe\n${uncertain}\nfences:
  - { name: china, never: [CN], except: [{ host: [both.example, cn.zoom.us], reason: ours }] }
  - { name: both, never: [RU] }
  - { name: hong-kong, never: [HK] }
`
const strange = `version: 1\nmode: observe\n${uncertain}\nfences:\n  - { name: a, never: [UK] }\n`

function policies() {
  const folder = folderWith({ 'a.yaml': a, 'b.yaml': b, 'strange.yaml': strange })
  return { a: join(folder, 'a.yaml'), b: join(folder, 'b.yaml'), strange: join(folder, 'strange.yaml'), folder }
}

const diff = (...args: readonly string[]) => asked(diffCommand, args)

test('destinations that change verdict, newly blocked ones first, and how the documents differ', async () => {
  const files = policies()
  const { shown, code } = await diff(files.a, files.b, '--records', await recorded())
  expect(code).toBe(1)
  expect(shown.replaceAll(`${files.folder}/`, '')).toBe(`\
From a.yaml to b.yaml, 3 of 5 recorded flows change verdict: 1 newly blocked, 1 no longer blocked.
As documents: fence only in A: left; fence only in B: hong-kong; fence in both but different: china; mode differs.

A        B        FLOWS  DESTINATION       ADDRESS        PLACE  USER OR CLIENT  DECIDED BY
allowed  blocked      1  hk.example:443    18.162.10.20   HK     ben             B: hong-kong
blocked  allowed      1  cn.zoom.us:443    52.81.151.250  CN     asha            A: china
steered  allowed      1  both.example:443  52.81.151.250  CN     ben             A: china

A        B        FLOWS
allowed  blocked      1
blocked  allowed      1
steered  allowed      1
`)
})

test('for programs: flows to one destination are counted together', async () => {
  const files = policies()
  const again = ['x', 'y', 'z'].map((id) => visit(id, { asked: 'cn.zoom.us', user: 'asha', at: [china] }))
  const { shown } = await diff(files.a, files.b, '--records', await recorded(again), '--json')
  expect(JSON.parse(shown)).toMatchObject({
    documents: { only_a: ['left'], only_b: ['hong-kong'], changed: ['china'], keys: ['mode'] },
    flows: 3,
    changed: 3,
    changes: [
      { asked: 'cn.zoom.us', port: 443, address: '52.81.151.250', who: 'asha', from: 'block', to: 'allow', fences: ['china'], flows: 3 },
    ],
    totals: [{ from: 'block', to: 'allow', flows: 3 }],
  })
})

test('nothing changes: exit code 0', async () => {
  const files = policies()
  expect(await diff('no-cn', 'no-cn', '--records', await recorded())).toEqual({
    shown: 'From no-cn to no-cn, none of 5 recorded flows changes verdict.\nAs documents they say the same.\n',
    code: 0,
    error: null,
  })
  const filtered = await diff(files.a, files.b, '--records', await recorded(), '--host', 'zoom.us')
  expect(filtered.code).toBe(0)
  expect(filtered.shown).toContain('none of 1 matching flows changes verdict')
})

test('without records it says how to get some; a faulty policy tells its faults', async () => {
  const files = policies()
  const empty = await madeUpFolder()
  const { shown, code } = await diff('no-cn', 'ofac', '--records', empty)
  expect(code).toBe(0)
  expect(shown).toContain(`From no-cn to ofac, what changes is not known: there are no recorded flows in ${empty}.\nRun with this policy`)
  for (const args of [
    [files.strange, 'no-cn'],
    ['no-cn', files.strange],
  ]) {
    const faults = await diff(...args, '--records', empty).catch((error: unknown) => error)
    expect(faults).toBeInstanceOf(ConfigErrors)
    expect((faults as ConfigErrors).message).toContain('did you mean "GB"?')
  }
  expect((await diff('no-cn', 'no-such', '--records', empty)).code).toBe(2)
})
