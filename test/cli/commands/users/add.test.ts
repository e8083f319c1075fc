import fs from 'node:fs'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { addCommand } from '../../../../src/cli/commands/users/add.ts'
import { isPassword } from '../../../../src/config/password-hash.ts'
import { parseUsers } from '../../../../src/config/users.ts'
import { usersYaml } from '../../../config/made-up-users.ts'
import { folderWith, ran } from '../../screen.ts'

const PASSWORD = 'pä:ss wort'

function world(files: Readonly<Record<string, string>> = { 'ringfence.yaml': 'users: users.yaml\n' }) {
  const folder = folderWith(files)
  const file = path.join(folder, 'users.yaml')
  const add = (args: readonly string[], typed = `${PASSWORD}\n`) =>
    ran(
      (out) => addCommand(() => out, { input: Readable.from([Buffer.from(typed)]), prompts: new PassThrough() }),
      [...args, '--config', path.join(folder, 'ringfence.yaml')],
    )
  const users = () => parseUsers(fs.readFileSync(file, 'utf8'), file)
  return { folder, file, add, users }
}

test('the first user makes the file; the password is not in it, nor in what is shown', async () => {
  const { file, add, users } = world()
  expect(await add(['anna', '--group', 'staff', '--group', 'it'])).toEqual({
    shown: 'Added: anna, in staff, it. A running proxy takes it within seconds.\n',
    code: 0,
    error: null,
  })
  const [anna] = users()
  expect(anna).toMatchObject({ name: 'anna', groups: ['staff', 'it'], password: { ln: 15, r: 8, p: 3 } })
  expect(anna && (await isPassword(PASSWORD, anna.password))).toBe(true)
  expect(fs.readFileSync(file, 'utf8')).not.toContain(PASSWORD)
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
})

test('where the settings do not name the file, the line that they need is told', async () => {
  const { folder, add } = world({ 'ringfence.yaml': '' })
  const users = path.join(folder, 'users.yaml')
  const first = await add(['anna', '--users', users])
  expect(first.shown).toBe(`Added: anna. ${users} is new: put this line into the settings, and start anew:\n\nusers: users.yaml\n`)
  const second = await add(['bob', '--users', users])
  expect(second.shown).toContain(`The settings do not name ${users}: put this line`)
})

test('--generate makes the password and shows it, once', async () => {
  const { add, users } = world()
  const { shown } = await add(['anna', '--generate'], '')
  const [made = ''] = shown.split('\n')
  expect(made).toMatch(/^(\w{5}-){4}\w{5}$/)
  expect(shown).toContain('This is the password; it is written down nowhere.')
  const [anna] = users()
  expect(anna && (await isPassword(made, anna.password))).toBe(true)
})

test('a user who is there is left alone but with --replace, which keeps the groups unless others are given', async () => {
  const { file, add, users } = world({ 'ringfence.yaml': 'users: users.yaml\n', 'users.yaml': usersYaml({ anna: 'old one 1', bob: 'x' }) })
  const before = fs.readFileSync(file, 'utf8')
  expect(await add(['anna'])).toMatchObject({
    code: 2,
    error: expect.stringMatching(/ has a user "anna" already; --replace gives another password$/),
  })
  expect(fs.readFileSync(file, 'utf8')).toBe(before)
  expect((await add(['anna', '--replace'])).shown).toMatch(/^Replaced: anna, in staff\. /)
  const [anna, bob] = users()
  expect(anna && (await isPassword(PASSWORD, anna.password))).toBe(true)
  expect(bob).toMatchObject({ name: 'bob', groups: ['staff'] })
  await add(['anna', '--replace', '--group', 'it'])
  expect(users()[0]?.groups).toEqual(['it'])
})

test.each([
  ['a name that none can have', ['Anna B'], /^users add: the name "Anna B" must be lower-case letters/],
  ['the name of nobody', ['anonymous'], /must not be "anonymous"/],
  ['a group that none can be', ['anna', '--group', 'IT'], /^users add: the group "IT" must be lower-case/],
])('%s is refused, and nothing is written', async (_, args, error) => {
  const { file, add } = world()
  expect(await add(args)).toMatchObject({ shown: '', code: 2, error: expect.stringMatching(error) })
  expect(fs.existsSync(file)).toBe(false)
})

test.each([
  ['short\n', /at least 8 characters/],
  ['', /no password came/],
  [`${'x'.repeat(300)}\n`, /at most 255 bytes/],
])('the password %j is refused, and not told', async (typed, error) => {
  const { file, add } = world()
  const answer = await add(['anna'], typed)
  expect(answer).toMatchObject({ code: 2, error: expect.stringMatching(error) })
  if (typed !== '') expect(answer.error).not.toContain(typed.trim())
  expect(fs.existsSync(file)).toBe(false)
})
