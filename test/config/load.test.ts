import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { isLoopback, isPath, loadSettings, parseListen, readText } from '../../src/config/load.ts'
import { formatEndpoint, parseIp } from '../../src/model/address.ts'
import { ConfigErrors, OperatorError } from '../../src/model/errors.ts'

/** A folder that is the current one while the test runs, with these files in it. */
function inFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-settings-')))
  const before = process.cwd()
  process.chdir(folder)
  onTestFinished(() => {
    process.chdir(before)
    fs.rmSync(folder, { recursive: true })
  })
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), text)
  }
  return folder
}

const refusal = (work: () => unknown): Error => {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was refused')
}

beforeEach(() => {
  vi.stubEnv('STATE_DIRECTORY', '')
  vi.stubEnv('XDG_STATE_HOME', '/state')
  vi.stubEnv('XDG_CACHE_HOME', '/cache')
})

test('without any file the settings are the defaults', (context) => {
  inFolder()
  if (fs.existsSync('/etc/ringfence/ringfence.yaml')) return context.skip('this machine has settings in /etc/ringfence')
  expect(loadSettings()).toEqual({
    file: null,
    node: os.hostname(),
    policy: 'observe',
    users: null,
    inbounds: [
      { type: 'mixed', name: 'mixed', listen: { host: '127.0.0.1', port: 8080 }, login: 'none', clients: [], tls: null, balancers: [] },
    ],
    resolver: { servers: [{ kind: 'system' }], localNames: ['localhost', 'local', 'test', 'internal', 'home.arpa'] },
    geoip: {
      sources: [{ type: 'embedded' }],
      folder: path.join('/state', 'ringfence', 'geoip'),
      cache: path.join('/cache', 'ringfence'),
      lock: null,
      whenNoTable: 'block',
      vantage: null,
    },
    records: { folder: path.join('/state', 'ringfence', 'flows'), whenDiskFull: 'block' },
    web: { listen: { host: '127.0.0.1', port: 8081 }, named: false, pac: { directFallback: false, localDirect: false } },
    upstream: [],
    deniedPorts: [25],
    limits: {
      connections: 'auto',
      perClient: 1_024,
      perLoopbackClient: Number.POSITIVE_INFINITY,
      memory: 'auto',
      loginFailuresPerMinute: 10,
      headBytes: 32_768,
      headMs: 30_000,
      dialMs: 10_000,
      idleMs: 3_600_000,
      halfClosedMs: 60_000,
      associations: { perClient: 32, idleMs: 60_000 },
    },
  })
})

test('ringfence.yaml of the current folder is found, and a named file beats it', () => {
  inFolder({ 'ringfence.yaml': 'node: here\n', 'other.yaml': 'node: there\n' })
  expect(loadSettings()).toMatchObject({ file: 'ringfence.yaml', node: 'here' })
  expect(loadSettings({ config: 'other.yaml' })).toMatchObject({ file: 'other.yaml', node: 'there' })
})

test('an empty file, or one of comments, means the defaults', () => {
  inFolder({ 'ringfence.yaml': '', 'comments.yaml': '# version: 1\n' })
  expect(loadSettings().policy).toBe('observe')
  expect(loadSettings({ config: 'comments.yaml' }).policy).toBe('observe')
})

test('paths in the file are relative to the file, names of packs are no paths', () => {
  const text = `
policy: policies/ours.yaml
records: { folder: flows }
geoip: { sources: [{ type: mmdb, path: ../data/x.mmdb, role: voter }] }
`
  const folder = inFolder({ 'etc/ringfence.yaml': text, 'etc/pack.yaml': 'policy: no-cn\n' })
  expect(loadSettings({ config: 'etc/ringfence.yaml' })).toMatchObject({
    policy: path.join(folder, 'etc', 'policies', 'ours.yaml'),
    records: { folder: path.join(folder, 'etc', 'flows') },
    geoip: { sources: [{ path: path.join(folder, 'data', 'x.mmdb') }] },
  })
  expect(loadSettings({ config: 'etc/pack.yaml' }).policy).toBe('no-cn')
})

test('the command line beats the file; its paths are relative to the current folder', () => {
  const text = 'policy: no-cn\ninbounds:\n  - { type: mixed, listen: "127.0.0.1:1" }\n  - { type: mixed, name: b, listen: "127.0.0.1:2" }\n'
  const folder = inFolder({ 'etc/ringfence.yaml': text })
  const settings = loadSettings({ config: 'etc/ringfence.yaml', policy: './ours.yaml', listen: '[::1]:0' })
  expect(settings.policy).toBe(path.join(folder, 'ours.yaml'))
  expect(settings.inbounds.map(({ listen }) => formatEndpoint(listen))).toEqual(['[::1]:0', '127.0.0.1:2'])
  expect(loadSettings({ config: 'etc/ringfence.yaml', policy: 'observe' }).policy).toBe('observe')
})

test('--listen moves the first door, and its clients come with it', () => {
  inFolder({ 'ringfence.yaml': 'inbounds: [{ type: mixed, listen: "127.0.0.1:1", clients: [10.0.0.0/8] }]\n' })
  expect(loadSettings({ listen: '0.0.0.0:3128' }).inbounds[0]).toMatchObject({
    listen: { host: '0.0.0.0', port: 3128 },
    clients: [{ ip: '10.0.0.0', bits: 8 }],
  })
})

test('where there are users every door asks for a login, but one that says that it does not', () => {
  const doors =
    'inbounds: [{ type: mixed, name: a, listen: "127.0.0.1:1" }, { type: mixed, name: b, listen: "127.0.0.1:2", login: none }]\n'
  const folder = inFolder({ 'etc/ringfence.yaml': `users: who/users.yaml\n${doors}`, 'etc/nobody.yaml': doors })
  const { users, inbounds } = loadSettings({ config: 'etc/ringfence.yaml' })
  expect(users).toBe(path.join(folder, 'etc', 'who', 'users.yaml'))
  expect(inbounds.map(({ login }) => login)).toEqual(['required', 'none'])
  expect(loadSettings({ config: 'etc/nobody.yaml' }).inbounds.map(({ login }) => login)).toEqual(['none', 'none'])
})

test('a door with a login may be reached from elsewhere without networks; one without may not', () => {
  inFolder({ 'ringfence.yaml': 'users: users.yaml\ninbounds: [{ type: mixed, listen: "0.0.0.0:80" }]\n' })
  expect(loadSettings().inbounds[0]).toMatchObject({ login: 'required', clients: [] })
  expect(loadSettings({ listen: '[::]:8080' }).inbounds[0]).toMatchObject({ login: 'required', listen: { port: 8080 } })
  inFolder({ 'ringfence.yaml': 'users: users.yaml\ninbounds: [{ type: mixed, listen: "0.0.0.0:80", login: none }]\n' })
  expect(refusal(() => loadSettings()).message).toMatch(/can be reached from other machines/)
})

test('a network of clients may say which groups they are in, on loopback too', () => {
  inFolder({
    'ringfence.yaml':
      'inbounds: [{ type: mixed, listen: "127.0.0.1:1", clients: [127.0.0.1, { network: 127.9.0.0/16, groups: [a, b] }] }]\n',
  })
  expect(loadSettings().inbounds[0].clients).toEqual([
    { ip: '127.0.0.1', family: 4, bits: 32, groups: [] },
    { ip: '127.9.0.0', family: 4, bits: 16, groups: ['a', 'b'] },
  ])
})

describe('a door that speaks TLS', () => {
  const door = (keys: string, more = '') =>
    inFolder({ 'etc/r.yaml': `${more}inbounds: [{ type: mixed, listen: "0.0.0.0:80", tls: { certificate: a.pem, key: a.key${keys} }]\n` })
  const load = () => loadSettings({ config: 'etc/r.yaml' }).inbounds[0]

  test('has its files beside the settings', () => {
    const folder = door(', clients: /etc/ca.pem }')
    const at = (name: string) => path.join(folder, 'etc', name)
    expect(load().tls).toEqual({ certificate: at('a.pem'), key: at('a.key'), clients: '/etc/ca.pem' })
  })

  test('and asks clients for certificates may be reached from elsewhere; those who have users may log in instead', () => {
    door(', clients: ca.pem }')
    expect(load().login).toBe('certificate')
    door(', clients: ca.pem }', 'users: users.yaml\n')
    expect(load().login).toBe('required')
    door(', clients: ca.pem }, login: certificate', 'users: users.yaml\n')
    expect(load().login).toBe('certificate')
    door(' }')
    expect(refusal(load).message).toMatch(/can be reached from other machines: .* or know them by their certificates \("tls\.clients"\)$/)
  })

  test('and knows nobody by a certificate cannot ask for one, and one that asks asks everybody', () => {
    door(' }, login: certificate')
    expect(refusal(load).message).toContain('inbounds[0].login: nobody can show a certificate')
    door(', clients: ca.pem }, login: none')
    expect(refusal(load).message).toContain('inbounds[0].login: "tls.clients" asks everybody for a certificate, "none" asks nobody')
  })
})

describe('a door behind load balancers', () => {
  const door = (keys: string, listen = '127.0.0.1:80') =>
    inFolder({ 'ringfence.yaml': `inbounds: [{ type: mixed, listen: "${listen}", proxy_protocol: { from: [127.0.0.1, ${keys} }]\n` })

  test('names them by their networks', () => {
    door('10.0.0.0/8] }, clients: [192.0.2.0/24]')
    expect(loadSettings().inbounds[0].balancers).toMatchObject([
      { ip: '127.0.0.1', bits: 32 },
      { ip: '10.0.0.0', bits: 8 },
    ])
    door('elsewhere] }')
    expect(refusal(() => loadSettings()).message).toContain('inbounds[0].proxy_protocol.from[1]: ')
  })

  test('is an open relay on loopback, too, unless it says who may use it', () => {
    door('10.0.0.0/8] }')
    expect(refusal(() => loadSettings()).message).toContain('a door on 127.0.0.1 can be reached through its load balancer: ')
  })
})

test('limits are numbers or auto, and a limit for each client holds on loopback where it is written', () => {
  inFolder({ 'ringfence.yaml': 'limits: { connections: 500, per_client: 8, memory_mb: 256, login_failures_per_minute: 3 }\n' })
  expect(loadSettings().limits).toMatchObject({
    connections: 500,
    perClient: 8,
    perLoopbackClient: 8,
    memory: 268_435_456,
    loginFailuresPerMinute: 3,
  })
  inFolder({ 'ringfence.yaml': 'limits: { connections: many, per_client: 0, memory_mb: 1 }\n' })
  const { message } = refusal(() => loadSettings())
  for (const key of ['connections', 'per_client', 'memory_mb']) expect(message).toContain(` limits.${key}: must be `)
})

test('limits of datagrams are numbers', () => {
  inFolder({ 'ringfence.yaml': 'limits: { udp_idle_seconds: 5, associations_per_client: 2 }\n' })
  expect(loadSettings().limits.associations).toEqual({ perClient: 2, idleMs: 5_000 })
  inFolder({ 'ringfence.yaml': 'limits: { udp_idle_seconds: 0, associations_per_client: 1.5 }\n' })
  const { message } = refusal(() => loadSettings())
  for (const key of ['udp_idle_seconds', 'associations_per_client']) expect(message).toContain(` limits.${key}: must be `)
})

test('--listen opens no relay, and says what it did not understand', () => {
  inFolder()
  const open = refusal(() => loadSettings({ listen: '0.0.0.0:8080' }))
  expect(open).toBeInstanceOf(OperatorError)
  expect(open.message).toMatch(/^--listen: a door on 0\.0\.0\.0 can be reached from other machines: .* in the settings file$/)
  expect(refusal(() => loadSettings({ listen: '8080' })).message).toBe(
    '--listen: "8080" is not an address and a port (write 127.0.0.1:8080 or [::1]:8080)',
  )
})

test('all faults of a file are told at once, each with its place', () => {
  inFolder({ 'ringfence.yaml': 'inbounds: [{ type: mixed, listen: "0.0.0.0:80" }]\nresolver: { servers: [9.9.9.9] }\n' })
  const error = refusal(() => loadSettings())
  expect(error).toBeInstanceOf(ConfigErrors)
  expect((error as ConfigErrors).problems.map(({ position, path }) => `${position.file}:${position.line} ${path}`)).toEqual([
    'ringfence.yaml:1 inbounds[0].listen',
    'ringfence.yaml:2 resolver.servers[0]',
  ])
})

test('a file that can’t be read is named, in one line', () => {
  const folder = inFolder()
  expect(refusal(() => readText('nope.yaml'))).toBeInstanceOf(OperatorError)
  expect(refusal(() => readText('nope.yaml')).message).toBe('nope.yaml: there is no such file')
  expect(refusal(() => loadSettings({ config: folder })).message).toBe(`${folder}: it is a folder`)
})

test('listen addresses are IPv4, or IPv6 in brackets, with a port; 0 takes a free one', () => {
  const read = (text: string) => {
    const endpoint = parseListen(text)
    return 'problem' in endpoint ? null : formatEndpoint(endpoint)
  }
  expect(['127.0.0.1:8080', '[::1]:8080', '0.0.0.0:0', '[::]:65535'].map(read)).toEqual([
    '127.0.0.1:8080',
    '[::1]:8080',
    '0.0.0.0:0',
    '[::]:65535',
  ])
  for (const bad of [
    '',
    '8080',
    ':8080',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:8080',
    'localhost:80',
    '[::1]',
  ])
    expect(read(bad), bad).toBeNull()
})

test('a policy is a file’s name where it has a dot or a slash', () => {
  expect(['no-cn', './no-cn', 'policies/x', 'x.yaml', 'C:\\x'].map(isPath)).toEqual([false, true, true, true, true])
})

test('only loopback is loopback', () => {
  const said = ['127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '10.0.0.1'].map((text) => isLoopback(parseIp(text)!))
  expect(said).toEqual([true, true, true, false, false, false])
})

test('the example of all settings says what no file at all means', () => {
  const { file: _, ...settings } = loadSettings({ config: path.join(import.meta.dirname, '../../config/examples/all-settings.yaml') })
  inFolder()
  const { file: __, ...defaults } = loadSettings()
  expect(settings).toEqual(defaults)
})
