import path from 'node:path'
import { expect, test } from 'vitest'
import { listCommand } from '../../../../src/cli/commands/users/list.ts'
import { usersYaml } from '../../../config/made-up-users.ts'
import { folderWith, ran } from '../../screen.ts'

function list(users: string, ...args: readonly string[]) {
  const folder = folderWith({ 'ringfence.yaml': 'users: users.yaml\n', 'users.yaml': users })
  return ran((out) => listCommand(() => out), ['--config', path.join(folder, 'ringfence.yaml'), ...args])
}

const users = usersYaml({ anna: 'one', 'bob@example.com': 'two' }, '[staff, it]')

test('names and groups, and no hash', async () => {
  expect((await list(users)).shown).toBe('name             groups\nanna             staff, it\nbob@example.com  staff, it\n')
})

test('the same for programs', async () => {
  expect((await list(users, '--json')).shown).toBe(
    '{"name":"anna","groups":["staff","it"]}\n{"name":"bob@example.com","groups":["staff","it"]}\n',
  )
})

test('nobody is an empty list', async () => {
  expect(await list(usersYaml({}))).toMatchObject({ shown: 'name  groups\n', code: 0 })
  expect((await list(usersYaml({}), '--json')).shown).toBe('')
})
