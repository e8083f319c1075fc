import path from 'node:path'
import { expect, test } from 'vitest'
import { showCommand } from '../../../../src/cli/commands/policy/show.ts'
import { shippedLibrary } from '../../../../src/config/library.ts'
import { loadPolicy } from '../../../../src/config/policies.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import { noLibrary } from '../../../../src/policy/library.ts'
import { folderWith, ran, world } from '../../screen.ts'

const base = `version: 1
mode: enforce
uncertain: { disputed: block, unknown: log, anycast: allow }
parameters: { regions: { type: territory, default: [US], says: where }, more: { type: switch, default: false, says: whether } }
fences:
  - { name: stay, only: [$regions], traffic: { port: [443, 80] } }
  - { name: extra, never: [RU], enabled: $more }
`
const top =
  'version: 1\nmode: observe\nextends: ./base.yaml\nwith: { regions: [IN, SG] }\nfences: [{ name: own, traffic: { host: b.example }, never: anywhere, note: A note. }]\n'

const folder = () => folderWith({ ...world, 'base.yaml': base, 'top.yaml': top })

test('what it extends is joined in, each fence with its place, and what is printed is the same policy', async () => {
  const inside = folder()
  const file = path.join(inside, 'top.yaml')
  const { shown } = await ran((out) => showCommand(() => out), [file, '--config', path.join(inside, 'ringfence.yaml')])
  expect(shown.replaceAll(`${inside}${path.sep}`, '').split('\n').slice(1).join('\n')).toBe(`version: 1
mode: observe
local_network: allow
fences:
  # ./base.yaml, base.yaml:6
  - name: stay
    traffic:
      port: [443, 80]
    only: [IN, SG]
    country_of: [server]
    action: block
    uncertain:
      disputed: block
      unknown: log
      anycast: allow
  # top.yaml, top.yaml:5
  - name: own
    note: A note.
    traffic:
      host: [b.example]
    never: anywhere
    action: block
    uncertain:
      disputed: block
      unknown: block
      anycast: block
  # off: extra (./base.yaml, base.yaml:7)
`)
  expect(compilePolicy(shown, 'shown.yaml', file, noLibrary).hash).toBe(loadPolicy(file).hash)
})

test('every pack can be printed and read again', async () => {
  const library = shippedLibrary()
  const inside = folder()
  for (const name of ['zoom-geofence', 'observe', 'gdpr-eea']) {
    const { shown } = await ran((out) => showCommand(() => out), [name, '--config', path.join(inside, 'ringfence.yaml')])
    expect(compilePolicy(shown, 'shown.yaml', name, library).hash, name).toBe(loadPolicy(name).hash)
  }
})

test('as JSON, with where each fence comes from', async () => {
  const inside = folder()
  const { shown } = await ran((out) => showCommand(() => out), ['no-cn', '--json', '--config', path.join(inside, 'ringfence.yaml')])
  expect(JSON.parse(shown)).toMatchObject({ policy: 'no-cn', document: { version: 1 }, origins: { 'no-cn': { policy: 'no-cn' } } })
})
