import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { existing, usersFile } from '../../../../src/cli/commands/users/file.ts'
import { ConfigErrors, OperatorError } from '../../../../src/model/errors.ts'
import { folderWith } from '../../screen.ts'

function inFolder(files: Readonly<Record<string, string>>): string {
  const folder = fs.realpathSync(folderWith(files))
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => process.chdir(before))
  return folder
}

test('the file is the one of the settings, and they need no line more', () => {
  const folder = inFolder({ 'ringfence.yaml': 'users: who.yaml\n', 'who.yaml': 'text' })
  expect(usersFile({})).toEqual({ path: path.join(folder, 'who.yaml'), text: 'text', missingLine: null })
})

test('where the settings name none it is users.yaml of this folder, and the line is told', () => {
  inFolder({ 'ringfence.yaml': 'policy: observe\n' })
  expect(usersFile({})).toEqual({ path: 'users.yaml', text: null, missingLine: 'users: users.yaml' })
})

test('one that is named beats the settings; the line is relative to them', () => {
  inFolder({ 'ringfence.yaml': 'users: who.yaml\n', 'other.yaml': 'text' })
  expect(usersFile({ users: 'other.yaml' })).toMatchObject({ text: 'text', missingLine: 'users: other.yaml' })
  expect(usersFile({ users: './who.yaml' })).toMatchObject({ text: null, missingLine: null })
  fs.mkdirSync('etc')
  fs.writeFileSync('etc/r.yaml', '')
  expect(usersFile({ users: 'who.yaml', config: 'etc/r.yaml' }).missingLine).toBe('users: ../who.yaml')
})

test('faulty settings matter only where they must name the file', () => {
  inFolder({ 'ringfence.yaml': 'colour: red\n' })
  expect(() => usersFile({})).toThrow(ConfigErrors)
  expect(usersFile({ users: 'who.yaml' }).missingLine).toBe('users: who.yaml')
})

test('what is asked of a file that is not there is an error', () => {
  inFolder({ 'ringfence.yaml': '' })
  expect(() => existing({})).toThrow(new OperatorError('users.yaml: there is no such file ("ringfence users add" makes it)'))
})
