import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/settings.ts'
import { openUsers, watchUsers } from '../../src/config/watch-users.ts'
import { ip } from '../support/fake-ports.ts'
import { never } from '../support/socket-pair.ts'
import { usersYaml } from './made-up-users.ts'

const inbounds: Settings['inbounds'] = [
  { type: 'mixed', name: 'mixed', listen: { host: ip('127.0.0.1'), port: 0 }, login: 'none', clients: [], tls: null, balancers: [] },
]

const { limits } = loadSettings()

function world(text: string, mode = 0o600) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-users-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'users.yaml')
  fs.writeFileSync(file, text, { mode })
  const told: string[] = []
  const say =
    (level: string) =>
    (...words: readonly unknown[]) =>
      void told.push(`${level}: ${String(words.at(-1)).replaceAll(file, 'users.yaml')}`)
  return { file, told, log: { info: say('info'), warn: say('warn'), error: say('error') } }
}

test('without a file there is nobody to log in, and nothing to watch', () => {
  const { log } = world('')
  expect(openUsers({ users: null, inbounds, limits }, log)).toBeNull()
  watchUsers(null, log)()
})

test('a door that asks for a login is not opened where there is nobody to log in', () => {
  const { log } = world('')
  expect(() => openUsers({ users: null, inbounds: [{ ...inbounds[0], login: 'required' }], limits }, log)).toThrow('there are no users')
})

test('where there is no file, the start says what makes it', () => {
  const { file, log } = world('')
  fs.rmSync(file)
  const says = `${file}: there is no such file ("ringfence users add NAME --users ${file}" makes it)`
  expect(() => openUsers({ users: file, inbounds, limits }, log)).toThrow(says)
})

test('a file that others can read ends the start', (context) => {
  if (process.platform === 'win32') return context.skip('Windows has no such modes')
  const { file, log } = world(usersYaml({ anna: 'one' }), 0o644)
  expect(() => openUsers({ users: file, inbounds, limits }, log)).toThrow(`run: chmod 600 ${file}`)
})

test('the log says each second what became of the file', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { file, told, log } = world(usersYaml({ anna: 'one' }))
  const users = openUsers({ users: file, inbounds, limits }, log)
  const stop = watchUsers(users, log)
  fs.writeFileSync(file, usersYaml({ anna: 'one', bob: 'two' }))
  vi.advanceTimersByTime(1_000)
  fs.writeFileSync(file, 'version: 1\n')
  vi.advanceTimersByTime(5_000)
  stop()
  fs.writeFileSync(file, usersYaml({}))
  vi.advanceTimersByTime(5_000)
  expect(told).toEqual(['info: users read anew: 2', 'error: users not read anew: users.yaml:1:1: "users" is missing; those of before stay'])
})

test('the log says once that logins of a client are refused unchecked', async () => {
  const { file, told, log } = world(usersYaml({ anna: 'one' }))
  const users = openUsers({ users: file, inbounds, limits: { ...limits, loginFailuresPerMinute: 1 } }, log)
  const from = ip('10.0.0.9')
  expect(await users?.authenticate('anna', 'wrong', from, never)).toBeNull()
  for (let i = 0; i < 3; i++) expect(await users?.authenticate('anna', 'wrong', from, never)).toHaveProperty('retryAfterMs')
  expect(told).toEqual([
    'warn: logins from 10.0.0.9 are refused unchecked for now, but for those of people who have logged in from there: 1 of it failed within a minute',
  ])
})
