import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { removeCommand } from '../../../../src/cli/commands/users/remove.ts'
import { parseUsers } from '../../../../src/config/users.ts'
import { usersYaml } from '../../../config/made-up-users.ts'
import { folderWith, ran } from '../../screen.ts'

function world() {
  const folder = folderWith({ 'ringfence.yaml': 'users: users.yaml\n', 'users.yaml': `# Ours.\n${usersYaml({ anna: 'one', bob: 'two' })}` })
  const file = path.join(folder, 'users.yaml')
  return {
    text: () => fs.readFileSync(file, 'utf8'),
    names: () => parseUsers(fs.readFileSync(file, 'utf8'), file).map(({ name }) => name),
    remove: (name: string) => ran((out) => removeCommand(() => out), [name, '--config', path.join(folder, 'ringfence.yaml')]),
  }
}

test('a user is gone, the others and the comments stay', async () => {
  const { remove, names, text } = world()
  expect(await remove('anna')).toEqual({
    shown: 'Removed: anna. A running proxy takes it within seconds; connections that are open go on.\n',
    code: 0,
    error: null,
  })
  expect(names()).toEqual(['bob'])
  expect(text()).toMatch(/^# Ours\./)
})

test('one who is not there is an error with a hint, and nothing is written', async () => {
  const { remove, names } = world()
  expect(await remove('ana')).toMatchObject({ code: 2, error: expect.stringMatching(/has no user "ana", did you mean "anna"\?$/) })
  expect(names()).toEqual(['anna', 'bob'])
})
