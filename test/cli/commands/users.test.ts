import path from 'node:path'
import { expect, test } from 'vitest'
import { usersCommand } from '../../../src/cli/commands/users.ts'
import { usersYaml } from '../../config/made-up-users.ts'
import { folderWith, ran } from '../screen.ts'

const users = (...args: readonly string[]) => ran((out) => usersCommand(() => out), args)

test('without a word it lists; each of its commands works on the file that is named', async () => {
  const folder = folderWith({ 'ringfence.yaml': '', 'who.yaml': usersYaml({ anna: 'one' }) })
  const at = ['--users', path.join(folder, 'who.yaml'), '--config', path.join(folder, 'ringfence.yaml')]
  expect((await users(...at)).shown).toBe('name  groups\nanna  staff\n')
  expect((await users('add', 'bob', '--generate', ...at)).code).toBe(0)
  expect((await users('remove', 'anna', ...at)).shown).toBe('Removed: anna.\n')
  expect((await users('list', ...at)).shown).toBe('name  groups\nbob\n')
})
