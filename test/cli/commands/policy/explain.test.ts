import path from 'node:path'
import { expect, test } from 'vitest'
import { explainCommand } from '../../../../src/cli/commands/policy/explain.ts'
import { folderWith, ran, world } from '../../screen.ts'

const explain = (...args: string[]) =>
  ran((out) => explainCommand(() => out), [...args, '--config', path.join(folderWith(world), 'ringfence.yaml')])

test('one fence is told in sentences', async () => {
  const { shown } = await explain('no-cn', '--policy', 'no-cn')
  expect(shown).toMatch(/^Fence "no-cn", from no-cn \(.*no-cn\.yaml:\d+\)\.\nIt is over all traffic\.\nIt lets nothing reach China \(CN\)/)
})

test('a name that no fence has is told, with the nearest', async () => {
  expect(await explain('no-cm', '--policy', 'no-cn')).toMatchObject({
    code: 2,
    error: 'policy no-cn has no fence "no-cm", did you mean "no-cn"?',
  })
  expect((await explain('x', '--policy', 'observe')).error).toBe('policy observe has no fence "x" (it has none)')
})
