import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LiveUsers } from '../../src/config/live-users.ts'
import { ConfigErrors, OperatorError } from '../../src/model/errors.ts'
import { ip } from '../support/fake-ports.ts'
import { never } from '../support/socket-pair.ts'
import { usersYaml } from './made-up-users.ts'

function fileWith(text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-users-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'users.yaml')
  fs.writeFileSync(file, text, { mode: 0o600 })
  return file
}

function open(text: string) {
  const file = fileWith(text)
  const users = new LiveUsers(file, { perMinute: 10 })
  const told: string[] = []
  const look = () => {
    users.look({ replaced: (count) => told.push(`${count} users`), refused: (why) => told.push(why.replaceAll(file, 'users.yaml')) })
    return told
  }
  const login = async (name: string, password: string) => {
    const outcome = await users.authenticate(name, password, ip('10.0.0.9'), never)
    return outcome !== null && 'name' in outcome ? outcome.name : null
  }
  return { file, users, told, look, login }
}

test('a file that can’t be read, or is faulty, is told at once', () => {
  expect(() => new LiveUsers('/nowhere/users.yaml', { perMinute: 10 })).toThrow(OperatorError)
  expect(() => new LiveUsers(fileWith('version: 2\n'), { perMinute: 10 })).toThrow(ConfigErrors)
})

test('a look at a file that is as it was tells nothing, also where it was written again', () => {
  const text = usersYaml({ anna: 'one' })
  const { file, look } = open(text)
  fs.writeFileSync(file, text)
  expect(look()).toEqual([])
})

test('a new user can log in, one who is gone can’t, and a changed password is the only one: what was cached is forgotten', async () => {
  const { file, users, look, login } = open(usersYaml({ anna: 'one', bob: 'two' }))
  expect([await login('anna', 'one'), await login('bob', 'two'), await login('carl', 'three')]).toEqual(['anna', 'bob', null])
  fs.writeFileSync(file, usersYaml({ anna: 'changed', carl: 'three' }))
  expect(look()).toEqual(['2 users'])
  expect([await login('anna', 'one'), await login('bob', 'two'), await login('carl', 'three')]).toEqual([null, null, 'carl'])
  expect(await login('anna', 'changed')).toBe('anna')
  expect([users.count, users.has('bob')]).toEqual([2, false])
})

test('a login that was under way when the file was replaced is not known to the new one', async () => {
  const { file, look, login } = open(usersYaml({ anna: 'one' }))
  const underWay = login('anna', 'one')
  fs.writeFileSync(file, usersYaml({ anna: 'changed' }))
  look()
  await underWay
  expect(await login('anna', 'one')).toBeNull()
})

test('a faulty file leaves those of before, and is told once', async () => {
  const { file, look, login } = open(usersYaml({ anna: 'one' }))
  fs.writeFileSync(file, 'version: 1\nusers: [{ name: anna, password: in-clear }]\n')
  look()
  expect(look()).toEqual([expect.stringMatching(/^users\.yaml:2:33 users\[0\]\.password: is not a hash/)])
  expect(await login('anna', 'one')).toBe('anna')
})

test('a file that is gone leaves those of before, and is taken when it comes back', async () => {
  const { file, look, login } = open(usersYaml({ anna: 'one' }))
  fs.rmSync(file)
  look()
  expect(look()).toEqual(['users.yaml: there is no such file'])
  expect(await login('anna', 'one')).toBe('anna')
  fs.writeFileSync(file, usersYaml({ bob: 'two' }), { mode: 0o600 })
  expect(look()).toHaveLength(2)
  expect([await login('anna', 'one'), await login('bob', 'two')]).toEqual([null, 'bob'])
})

test('a file that everybody may read is refused, at the start and later', (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such modes')
  const { file, look } = open(usersYaml({ anna: 'one' }))
  fs.chmodSync(file, 0o666)
  expect(look()).toEqual([expect.stringContaining('every user of this machine can read the secret in it (mode 0666); run: chmod 600')])
  expect(() => new LiveUsers(file, { perMinute: 10 })).toThrow(OperatorError)
})
