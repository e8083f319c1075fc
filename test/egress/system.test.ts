import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lookUpDefaults } from '../../src/egress/cares.ts'
import { createSystem } from '../../src/egress/system.ts'
import { name, never } from './support.ts'

let folder: string
let hostsPath: string
let now: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringfence-hosts-'))
  hostsPath = join(folder, 'hosts')
  now = 0
})
afterEach(() => rm(folder, { recursive: true }))

const system = () => createSystem({ kind: 'system' }, { ...lookUpDefaults, hostsPath, monotonic: () => now })
const ask = (server: ReturnType<typeof system>, text: string) => server.ask(name(text), never)

test('messages call it by what it is', () => {
  expect(system().label).toBe("this machine's resolver")
})

test('the hosts file comes before everything, also before the rule for localhost', async () => {
  await writeFile(hostsPath, '192.0.2.1 a.example\n2001:db8::1 a.example\n192.0.2.7 app.localhost\n')
  const server = system()
  expect(await ask(server, 'a.example')).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
  expect(await ask(server, 'app.localhost')).toEqual({ kind: 'addresses', ips: ['192.0.2.7'] })
})

test('without a hosts file localhost is still loopback', async () => {
  expect(await ask(system(), 'localhost')).toEqual({ kind: 'addresses', ips: ['127.0.0.1', '::1'] })
})

test('a changed hosts file is read again, after a second at the earliest', async () => {
  await writeFile(hostsPath, '192.0.2.1 app.localhost\n')
  const server = system()
  expect(await ask(server, 'app.localhost')).toMatchObject({ ips: ['192.0.2.1'] })
  await writeFile(`${hostsPath}.new`, '192.0.2.22 app.localhost\n')
  await rename(`${hostsPath}.new`, hostsPath)
  now = 999
  expect(await ask(server, 'app.localhost')).toMatchObject({ ips: ['192.0.2.1'] })
  now = 1_000
  expect(await ask(server, 'app.localhost')).toMatchObject({ ips: ['192.0.2.22'] })
  await rm(hostsPath)
  now = 2_000
  expect(await ask(server, 'app.localhost')).toMatchObject({ ips: ['127.0.0.1', '::1'] })
})

test('a hosts file that cannot be read is no licence to ask elsewhere, and is tried again', async () => {
  const server = createSystem({ kind: 'system' }, { ...lookUpDefaults, hostsPath: folder, monotonic: () => now })
  expect(await ask(server, 'localhost')).toMatchObject({ kind: 'failed', why: 'the hosts file cannot be read', cause: { code: 'EISDIR' } })
  await rm(folder, { recursive: true })
  await writeFile(folder, '192.0.2.1 a.example\n')
  now = 1_000
  expect(await ask(server, 'a.example')).toMatchObject({ ips: ['192.0.2.1'] })
})
