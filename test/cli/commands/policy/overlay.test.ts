import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { overlayCommand } from '../../../../src/cli/commands/policy/overlay.ts'
import { folderWith, ran, world } from '../../screen.ts'

/** The command on a node with the pack no-cn; what the running proxy does with it, test/integration/reload.test.ts shows. */
function node() {
  const folder = folderWith({ ...world, 'ringfence.yaml': 'policy: no-cn\nrecords: { folder: flows }\n' })
  fs.mkdirSync(path.join(folder, 'flows'))
  const overlay = (...args: string[]) => ran((out) => overlayCommand(() => out), [...args, '--config', path.join(folder, 'ringfence.yaml')])
  return { folder, overlay }
}

test('it is kept beside the journal, listed, replaced and cleared', async () => {
  const { folder, overlay } = node()
  expect((await overlay()).shown).toBe("No overlay is set: the policy's own word holds.\n")
  await overlay('no-cn', 'off', '--for', '2h', '--reason', 'a demo')
  await overlay('no-cn', 'on', '--for', '1d', '--reason', 'again')
  const kept = JSON.parse(fs.readFileSync(path.join(folder, 'flows', 'overlays.json'), 'utf8'))
  expect(kept).toMatchObject([{ policy: 'no-cn', fence: 'no-cn', enabled: true, reason: 'again' }])
  expect((await overlay()).shown).toMatch(/^fence +is +until +policy +reason\nno-cn +on +20\S+ +no-cn +again/)
  expect((await overlay('no-cn', 'clear')).shown).toBe('The policy\'s own word holds again for fence "no-cn".\n')
  expect((await overlay('no-cn', 'clear')).shown).toBe('No overlay was set for fence "no-cn".\n')
})

test.each([
  [['no-cn'], 'policy overlay: say what to do with fence "no-cn": on, off, or clear'],
  [['no-cn', 'maybe'], 'policy overlay: say what to do with fence "no-cn": on, off, or clear'],
  [['no-ru', 'off', '--for', '1h', '--reason', 'x'], 'policy overlay: policy no-cn has no fence "no-ru"'],
  [['no-cn', 'off', '--for', '1h'], 'policy overlay: say why with --reason: it stands in the journal'],
  [['no-cn', 'off', '--reason', 'x'], 'policy overlay: say how long with --for 30m, 2h or 1d (at most 7d)'],
  [['no-cn', 'off', '--reason', 'x', '--for', '8d'], 'policy overlay: say how long with --for 30m, 2h or 1d (at most 7d), not "8d"'],
])('%j is refused', async (args, error) => {
  expect(await node().overlay(...args)).toMatchObject({ code: 2, error })
})
