import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createSystem } from '../../../src/egress/resolver/system.ts'
import { startNameServer } from '../../support/name-server.ts'
import { name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let folder: string
let hostsPath: string
let now: number
let servers: readonly string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringfence-hosts-'))
  hostsPath = join(folder, 'hosts')
  now = 0
  servers = []
})
afterEach(() => rm(folder, { recursive: true }))

const system = (hosts = hostsPath) =>
  createSystem({ kind: 'system' }, settingsFor({ hostsPath: hosts, monotonic: () => now, systemServers: () => servers }))
const ask = (server: ReturnType<typeof system>, text: string) => server.known(name(text))

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
  const server = system(folder)
  expect(await ask(server, 'localhost')).toMatchObject({ kind: 'failed', why: 'the hosts file cannot be read', cause: { code: 'EISDIR' } })
  await rm(folder, { recursive: true })
  await writeFile(folder, '192.0.2.1 a.example\n')
  now = 1_000
  expect(await ask(server, 'a.example')).toMatchObject({ ips: ['192.0.2.1'] })
})

test('it asks the servers that the machine is set to use now, at the ports that are set', async () => {
  const [first, second] = [await startNameServer({ zone: { 'a.test': { A: ['192.0.2.1'] } } }), await startNameServer({ zone: {} })]
  onTestFinished(async () => void (await Promise.all([first.close(), second.close()])))
  servers = [`127.0.0.1:${first.port}`]
  const server = system()
  const [only] = server.servers()
  expect(only?.label).toBe("this machine's resolver")
  expect(only && (await askFor(only, 'a.test'))).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })

  servers = [`127.0.0.1:${second.port}`, '2001:db8::53', 'fe80::1%eth0']
  expect(server.servers()).toEqual([only])
  now = 1_000
  expect(server.servers().map(({ label }) => label)).toEqual([
    `this machine's resolver 127.0.0.1:${second.port}`,
    "this machine's resolver [2001:db8::53]:53",
    "this machine's resolver [fe80::1%eth0]:53",
  ])
  servers = []
  now = 2_000
  expect(server.servers()).toEqual([])
})

test('servers that cannot be learnt are those that were known, or none that answers', async () => {
  const settings = settingsFor({
    hostsPath,
    monotonic: () => now,
    systemServers: () => {
      if (servers.length === 0) throw Object.assign(new Error('open'), { code: 'EMFILE' })
      return servers
    },
  })
  const server = createSystem({ kind: 'system' }, settings)
  const [none] = server.servers()
  expect(none && (await askFor(none, 'a.test'))).toMatchObject({ kind: 'exhausted', cause: { code: 'EMFILE' } })
  servers = ['192.0.2.53']
  const known = server.servers()
  expect(known.map(({ label }) => label)).toEqual(["this machine's resolver"])
  servers = []
  now = 1_000
  expect(server.servers()).toBe(known)
})

test('what one server said is not what its successor says', async () => {
  const [first, second] = [
    await startNameServer({ zone: { 'a.test': { A: ['192.0.2.1'], ttl: 60, negativeTtl: 5 } } }),
    await startNameServer({ zone: {} }),
  ]
  onTestFinished(async () => void (await Promise.all([first.close(), second.close()])))
  servers = [`127.0.0.1:${first.port}`]
  const server = system()
  const [before] = server.servers()
  expect(before && (await askFor(before, 'a.test'))).toMatchObject({ kind: 'addresses' })
  expect(before?.recall(name('a.test'))).toMatchObject({ kind: 'addresses' })
  servers = [`127.0.0.1:${second.port}`]
  now = 1_000
  expect(server.servers()[0]?.recall(name('a.test'))).toBeNull()
})
