/** Programs that log in at the door, by each of its dialects; and those that do not, or with the wrong password. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { usersYaml } from '../config/made-up-users.ts'
import { hosts } from '../support/world-map.ts'
import { pause, useWorld } from '../support/world-setup.ts'

const { us, cn } = hosts
const PASSWORD = 'pä:ss-wörd:7'
const WRONG = 'guessed-wrongly'
const passwords = { anna: PASSWORD, bob: 'plain-password-8' }

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-login-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const usersFile = (name: string): string => {
  const file = path.join(folder, name)
  fs.writeFileSync(file, usersYaml(passwords), { mode: 0o600 })
  return file
}

const world = useWorld()
const records = path.join(folder, 'records')
const shared = world.shared({
  policy: 'no-cn',
  // They fail more often within a minute than people do.
  settings: { users: usersFile('users.yaml'), limits: { login_failures_per_minute: 1_000 } },
  records,
  wrapper: ['env', 'RINGFENCE_LOG=trace'],
})

const anna = `anna:${PASSWORD}`
const inUrl = `anna:${encodeURIComponent(PASSWORD)}`

interface Client {
  readonly name: string
  readonly args: (at: string, login: string) => readonly string[]
  readonly scheme: 'http' | 'https'
  /** How curl tells that the login was not taken. */
  readonly refused: RegExp
}

const http407 = /^HTTP\/1\.1 407 Proxy Authentication Required\r\n/m
const connect407 = /response 407|status code: 407/
const socks = /User was rejected by the SOCKS5 server/

const clients: readonly Client[] = [
  { name: 'HTTP', scheme: 'http', args: (at, login) => ['--proxy', `http://${at}`, '--proxy-user', login], refused: http407 },
  {
    name: 'HTTP, asked first (--proxy-anyauth)',
    scheme: 'http',
    args: (at, login) => ['--proxy', `http://${at}`, '--proxy-anyauth', '--proxy-user', login],
    refused: http407,
  },
  {
    name: 'CONNECT (--proxy-basic)',
    scheme: 'https',
    args: (at, login) => ['--proxy', `http://${at}`, '--proxy-basic', '--proxy-user', login],
    refused: connect407,
  },
  {
    name: 'CONNECT, asked first (--proxy-anyauth)',
    scheme: 'https',
    args: (at, login) => ['--proxy', `http://${at}`, '--proxy-anyauth', '--proxy-user', login],
    refused: connect407,
  },
  { name: 'SOCKS5', scheme: 'https', args: (at, login) => ['--socks5-hostname', at, '--proxy-user', login], refused: socks },
  { name: 'SOCKS5 without names', scheme: 'http', args: (at, login) => ['-4', '--socks5', at, '--proxy-user', login], refused: socks },
]

describe.each(clients)('curl by $name', ({ args, scheme, refused }) => {
  test('is served with the right login, and its fences hold', async () => {
    const { at } = await shared()
    const { status, stdout } = await world.curl([...args(at, anna), `${scheme}://us.example/`])
    expect(status).toBe(0)
    expect(stdout).toMatch(new RegExp(`"at":"(${us.v4}|${us.v6})"`))
    expect(stdout.toLowerCase()).not.toContain('proxy-authorization')
    const blocked = await world.curl([...args(at, anna), `${scheme}://cn.example/`])
    expect(blocked.stdout + blocked.stderr).toMatch(/403|\(2\)/)
  })

  test.each([
    ['a wrong password', `anna:${WRONG}`],
    ['the password of somebody else', `bob:${PASSWORD}`],
    ['an unknown name', `intruder:${PASSWORD}`],
  ])('is refused with %s, and nothing is dialled', async (_, login) => {
    const { at, count } = await shared()
    const before = count()
    const { stdout, stderr } = await world.curl([...args(at, login), `${scheme}://us.example/`])
    expect(stdout + stderr).toMatch(refused)
    expect([await world.reached(), count()]).toEqual([[], before])
  })
})

describe('curl without a login', () => {
  test.each([
    ['HTTP', (at: string) => ['--proxy', `http://${at}`, 'http://us.example/'], http407],
    ['CONNECT', (at: string) => ['--proxy', `http://${at}`, 'https://us.example/'], connect407],
    ['SOCKS5', (at: string) => ['--socks5-hostname', at, 'http://us.example/'], /No authentication method was acceptable/],
    ['SOCKS4a', (at: string) => ['--socks4a', at, 'http://us.example/'], /\(91\), request rejected or failed/],
  ])('is refused by %s', async (_, args, refused) => {
    const { at } = await shared()
    const { stdout, stderr } = await world.curl(args(at))
    expect(stdout + stderr).toMatch(refused)
    expect(await world.reached()).toEqual([])
  })
})

test('a whole shell logs in by its variables', async () => {
  const { at } = await shared()
  for (const env of [
    { http_proxy: `http://${inUrl}@${at}`, https_proxy: `http://${inUrl}@${at}` },
    { ALL_PROXY: `socks5h://${inUrl}@${at}` },
  ]) {
    const script = `curl -sS --max-time 8 http://us4.example/; curl -sS --max-time 8 --cacert ${world.caFile} https://us.example/`
    const { stdout } = await world.inside.run(['sh', '-c', script], { env })
    expect(stdout.match(/"at":/g)).toHaveLength(2)
  }
})

test('one kept connection: each request is asked by itself', async () => {
  const { at } = await shared()
  const good = ['--proxy', `http://${at}`, '--proxy-user', anna]
  const args = [...good, 'http://us4.example/1', '--next', ...good.slice(0, 2), '-sSi', 'http://us4.example/2']
  const { stdout } = await world.curl([...args, '--next', ...good, '-sSi', 'http://us4.example/3'])
  expect([...stdout.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['200', '407', '200'])
})

describe.each([{ proxyTunnel: true }, { proxyTunnel: false }])('undici with proxyTunnel: $proxyTunnel', ({ proxyTunnel }) => {
  const requests = ['http://us4.example/', 'https://us.example/', 'http://us4.example/again']
  const ask = async (login: string | undefined) => {
    const { at } = await shared()
    const token = login === undefined ? {} : { token: `Basic ${Buffer.from(login).toString('base64')}` }
    return await world.client('undici.mjs', { proxy: `http://${at}`, proxyTunnel, requests, ...token })
  }

  test('is served with a token', async () => {
    expect(await ask(anna)).toEqual(requests.map(() => expect.objectContaining({ status: 200 })))
  })

  test.each([undefined, `anna:${WRONG}`])('is refused with %s', async (login) => {
    const refused = { error: expect.stringMatching(/407/) }
    expect(await ask(login)).toEqual([refused, refused, refused])
    expect(await world.reached()).toEqual([])
  })
})

describe.each([
  { type: 'socks5', login: `anna ${PASSWORD}` },
  // Its base64 goes wrong beyond ASCII (4.16).
  { type: 'http', login: `bob ${passwords.bob}` },
])('proxychains by $type', ({ type, login: right }) => {
  const chained = async (login: string) => {
    const { port } = await shared()
    const file = path.join(folder, `${type}.conf`)
    fs.writeFileSync(file, ['strict_chain', 'proxy_dns', '[ProxyList]', `${type} 127.0.0.1 ${port} ${login}`, ''].join('\n'))
    return await world.inside.run([
      'proxychains4',
      '-q',
      '-f',
      file,
      'curl',
      '-sS',
      '-4',
      '--noproxy',
      '*',
      '--max-time',
      '8',
      'http://us4.example/',
    ])
  }

  test('is served with the right login', async () => {
    expect((await chained(right)).stdout).toContain(`"at":"${us.v4}"`)
  })

  test.each([`anna ${WRONG}`, ''])('is refused with "%s"', async (login) => {
    expect((await chained(login)).status).toBe(7)
    expect(await world.reached()).toEqual([])
  })
})

test('while twenty guess, who knows the password works on', async () => {
  const { at } = await shared()
  const good = () => world.curl(['--proxy', `http://${at}`, '--proxy-user', anna, 'http://us4.example/'])
  await good()
  const guesses = Array.from({ length: 20 }, (_, i) =>
    world.curl(['--proxy', `http://${at}`, '--proxy-user', `anna:${WRONG}-${i}`, 'http://us4.example/']),
  )
  for (let i = 0; i < 3; i++) expect((await good()).stdout).toContain('"at":')
  for (const { stdout } of await Promise.all(guesses)) expect(stdout).toMatch(http407)
})

test('a fence is for those who logged in by a name, and for those who came from a network', async () => {
  const policy = [
    'version: 1',
    'mode: enforce',
    'uncertain: { disputed: block, unknown: block, anycast: allow }',
    'fences:',
    '  - { name: not-bob, traffic: { user: bob, inbound: named }, never: [US] }',
    '  - { name: not-the-office, traffic: { group: office }, never: [US] }',
    '',
  ].join('\n')
  const inbounds = [
    { type: 'mixed', name: 'named', listen: '127.0.0.1:0' },
    {
      type: 'mixed',
      name: 'networks',
      listen: '127.0.0.1:18471',
      login: 'none',
      clients: [{ network: '127.0.0.0/8', groups: ['office'] }],
    },
  ]
  const { at } = await world.ringfence({ policy, settings: { users: usersFile('fenced.yaml'), inbounds } })
  const ask = async (proxy: string, ...login: readonly string[]) => {
    const { stdout } = await world.curl(['--proxy', `http://${proxy}`, ...login, 'http://us4.example/'])
    return /^HTTP\/1\.1 (\d+)/.exec(stdout)?.[1]
  }
  expect(await ask(at, '--proxy-user', anna)).toBe('200')
  expect(await ask(at, '--proxy-user', `bob:${passwords.bob}`)).toBe('403')
  // It says that it is anna, and is not believed: the door asks nobody.
  expect(await ask('127.0.0.1:18471', '--proxy-user', anna)).toBe('403')
})

test('a user who is removed is refused within seconds, also on a connection that is open', async () => {
  const file = usersFile('changing.yaml')
  const { at, output } = await world.ringfence({ settings: { users: file } })
  const ask = (login: string) => world.curl(['--proxy', `http://${at}`, '--proxy-user', login, 'http://us4.example/'])
  expect((await ask(anna)).stdout).toContain('"at":')
  fs.writeFileSync(file, usersYaml({ bob: passwords.bob }))
  for (let i = 0; i < 50 && !output().includes('users read anew: 1'); i++) await pause(100)
  expect((await ask(anna)).stdout).toMatch(http407)
  expect((await ask(`bob:${passwords.bob}`)).stdout).toContain('"at":')
})

test('what was typed is nowhere: not in the journal, not in the log at its most talkative', async () => {
  const { at, output, stop } = await shared()
  await world.curl(['--proxy', `http://${at}`, '--proxy-user', `${PASSWORD}:anna`, 'http://us4.example/'])
  await world.curl(['--proxy', `http://${at}`, '--header', 'Connection: Proxy-Authorization', '--proxy-user', anna, `http://${cn.v4}/`])
  await stop()
  const journal = fs.readdirSync(records, { withFileTypes: true }).filter((entry) => entry.isFile())
  const written = [output(), ...journal.map(({ name }) => fs.readFileSync(path.join(records, name), 'utf8'))].join('\n')
  expect(written).toContain('login failed at door mixed')
  expect(written).toContain('us4.example')
  const said = [PASSWORD, WRONG, passwords.bob, inUrl, Buffer.from(anna).toString('base64'), '$scrypt$', 'intruder']
  expect(said.filter((text) => written.includes(text))).toEqual([])
})
