/** Upstream proxies as people run them, in the made-up world: what they are told, what they lead to, and where the fence holds. */
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insideAddress, whyNoNamespaces } from '../support/namespace.ts'
import { bannerText, hosts, nameServer, ports } from '../support/world-map.ts'
import { pause, type Ringfence, useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()
const program = path.join(import.meta.dirname, '..', '..', 'dist', 'main.js')

const uncertain = 'uncertain: { disputed: block, unknown: block, anycast: allow }'
const lines = (mode: string, ...fences: readonly string[]) =>
  ['version: 1', `mode: ${mode}`, uncertain, 'local_network: allow', 'fences:', ...fences.map((fence) => `  - ${fence}`), ''].join('\n')

/** Over no part of the traffic that these tests do not name: a hop in China is no error of the settings. */
const partly = (mode = 'enforce') =>
  lines(mode, '{ name: not-to-china, traffic: { host: [us4.example, cn.example, mixed.example] }, never: [CN] }')

interface Upstream {
  readonly type: 'http' | 'socks5'
  readonly server: string
  readonly username?: string
  readonly password?: { readonly env: string } | { readonly file: string }
  readonly tls?: { readonly ca?: string; readonly name?: string }
}

const squid: Upstream = { type: 'http', server: `${us.v4}:3128` }
const tinyproxy: Upstream = { type: 'http', server: `${us.v4}:8888` }
const dante: Upstream = { type: 'socks5', server: `${us.v4}:1080` }
/** Squid as well, in TLS, with the certificate of the world's hosts. */
const squidInTls: Upstream = { type: 'http', server: `${us.v4}:3129` }
const tinyproxyWithLogin: Upstream = { type: 'http', server: `${us.v4}:8889` }
const danteInChina: Upstream = { type: 'socks5', server: `${cn.v4}:1080` }

/** Writes the file that `settings` says, starts the program on it in the world, and waits until it accepts. */
async function startHop(
  name: string,
  { server }: Upstream,
  settings: (folder: string) => string,
  command: (file: string) => readonly string[],
) {
  const folder = fs.mkdtempSync(path.join(world.folder, `${name}-`))
  // squid, started by root, becomes another user that must write here.
  for (const each of [world.folder, folder]) fs.chmodSync(each, 0o777)
  const file = path.join(folder, 'settings')
  fs.writeFileSync(file, settings(folder))
  world.outside.start(command(file), { stdio: 'ignore', cwd: folder })
  const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(server) ?? []
  for (let tries = 0; tries < 100; tries++) {
    if ((await world.inside.run(['nc', '-z', '-w', '1', address, port])).status === 0) return
    await pause(50)
  }
  throw new Error(`${name} does not listen on ${server}`)
}

const startDante = (name: string, upstream: Upstream, address: string) =>
  startHop(
    name,
    upstream,
    (folder) => `errorlog: ${folder}/log
internal: ${address} port = 1080
external: ${address}
clientmethod: none
socksmethod: none
client pass { from: 0/0 to: 0/0 }
socks pass { from: 0/0 to: 0/0 }
`,
    (file) => ['danted', '-f', file, '-p', `${file}.pid`],
  )

/** Of its own: what a squid that was killed leaves in shared memory keeps the next one of that name from starting. */
const squidName = `world${process.pid}`

afterAll(() => {
  const folder = '/dev/shm'
  const left = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.startsWith(`${squidName}-`)) : []
  for (const name of left) fs.rmSync(path.join(folder, name), { force: true })
})

beforeAll(async () => {
  if (whyNoNamespaces() !== null) return
  await Promise.all([
    startHop(
      'squid',
      squid,
      (folder) => `http_port ${squid.server}
https_port ${squidInTls.server} tls-cert=${world.folder}/leaf.crt tls-key=${world.folder}/leaf.key
http_access allow all
cache deny all
access_log none
cache_log ${folder}/log
cache_store_log none
pid_filename none
coredump_dir none
netdb_filename none
pinger_enable off
max_filedescriptors 1024
shutdown_lifetime 0 seconds
visible_hostname squid
dns_nameservers 127.0.0.1
`,
      (file) => ['squid', '-N', '-n', squidName, '-f', file],
    ),
    startHop(
      'tinyproxy',
      tinyproxy,
      (folder) => `Port 8888\nListen ${us.v4}\nTimeout 60\nMaxClients 100\nLogLevel Critical\nLogFile "${folder}/log"\n`,
      (file) => ['tinyproxy', '-d', '-c', file],
    ),
    startHop(
      'tinyproxy-with-login',
      tinyproxyWithLogin,
      (folder) =>
        `Port 8889\nListen ${us.v4}\nTimeout 60\nMaxClients 100\nLogLevel Critical\nLogFile "${folder}/log"\nBasicAuth anna open-sesame\n`,
      (file) => ['tinyproxy', '-d', '-c', file],
    ),
    startDante('dante', dante, us.v4),
    startDante('dante-in-china', danteInChina, cn.v4),
  ])
}, 30_000)

const through = (upstream: readonly Upstream[], policy = partly()): Promise<Ringfence> =>
  world.ringfence({ policy, settings: { upstream } })

const real: readonly (readonly [string, Upstream])[] = [
  ['squid', squid],
  ['tinyproxy', tinyproxy],
  ['dante', dante],
]

describe.each(real)('through %s', (_name, upstream) => {
  const running = world.shared({ policy: partly(), settings: { upstream: [upstream] } })

  test('every door’s flows come from the proxy, and the record says so', async () => {
    const { at, count, ended } = await running()
    const before = count()
    const answers = [
      await world.curl(['--proxy', `http://${at}`, 'http://us4.example/']),
      await world.curl(['--proxytunnel', '--proxy', `http://${at}`, 'https://www.harmless.example/']),
      await world.curl(['--socks5-hostname', at, 'http://us4.example/']),
    ]
    for (const { stdout } of answers) {
      expect(stdout).toContain(`"at":"${us.v4}"`)
      expect(stdout).not.toContain(insideAddress.v4)
    }
    const records = await ended(before, 3)
    expect(records.map(({ dialled, via, ruled_out }) => ({ dialled, via, ruled_out }))).toEqual(
      Array.from({ length: 3 }, () => ({ dialled: us.v4, via: upstream.server, ruled_out: null })),
    )
    // Squid answers the client's last words in TLS with a reset, where they come late.
    for (const { ending } of records) expect(['completed', 'reset']).toContain(ending)
    expect(records[0]?.hops).toMatchObject([{ ip: us.v4, permitted: true }])
    expect((await world.report()).accepted.filter(({ from }) => from === insideAddress.v4 || from === insideAddress.v6)).toEqual([])
  })

  test('a server that speaks first is heard', async () => {
    const { at } = await running()
    const said = await world.inside.run(['nc', '-X', 'connect', '-x', at, '-w', '1', us.v4, String(ports.banner)], { input: '' })
    expect(said.stdout).toBe(bannerText)
  })

  test('a final address outside is refused though the proxy is inside, and the proxy hears nothing', async () => {
    const { at, count, ended } = await running()
    const before = count()
    const answer = await world.curl(['--proxy', `http://${at}`, 'http://cn.example/'])
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 403 /)
    expect((await ended(before))[0]).toMatchObject({ ending: 'blocked', dialled: null, via: null })
    expect(await world.reached()).toEqual([])
  })

  test('of several addresses the permitted one is asked for', async () => {
    const { at } = await running()
    const answer = await world.curl(['--proxy', `http://${at}`, 'http://mixed.example/'])
    expect(answer.stdout).toContain(`"at":"${us.v4}"`)
    expect(await world.reached()).toEqual([`${us.v4}:80`])
  })

  test('what the proxy says of a port that refuses ends the flow as failed', async () => {
    const { at, count, ended } = await running()
    const before = count()
    const answer = await world.curl(['--proxy', `http://${at}`, `http://${ru.v4}:${ports.refused}/`])
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 502 /)
    const [record] = await ended(before)
    expect(record).toMatchObject({ ending: 'failed', dialled: null })
    expect(record?.code).toBe(upstream === dante ? 'dial.refused' : 'dial.failed')
    expect(record?.message).toContain(`says the upstream proxy ${upstream.server}`)
  })
})

test('through squid an IPv6 address is reached as one', async () => {
  const { at } = await through([squid])
  const answer = await world.curl(['--socks5-hostname', at, 'http://us6.example/'])
  expect(answer.stdout).toContain(`"at":"${us.v6}"`)
})

test('squid in TLS is spoken to where its certificate is good for it, and hears nothing where it is not', async () => {
  const { at, ended } = await through([{ ...squidInTls, tls: { ca: world.caFile } }])
  const answer = await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])
  expect(answer.stdout).toContain(`"at":"${us.v4}"`)
  expect((await ended(0))[0]).toMatchObject({ ending: 'completed', via: squidInTls.server })

  for (const tls of [{}, { ca: world.caFile, name: 'proxy.example' }]) {
    const refused = await through([{ ...squidInTls, tls }])
    expect((await world.curl(['--proxy', `http://${refused.at}`, 'http://us4.example/'])).stdout).toMatch(/^HTTP\/1\.1 502 /)
    expect((await refused.ended(0))[0]).toMatchObject({ code: 'upstream.unreachable', dialled: null })
  }
}, 60_000)

test('tinyproxy is told the login, and what it thinks of a wrong one is told', async () => {
  const { at, ended } = await through([{ ...tinyproxyWithLogin, username: 'anna', password: secret('open-sesame') }])
  expect((await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])).stdout).toContain(`"at":"${us.v4}"`)
  expect((await ended(0))[0]).toMatchObject({ ending: 'completed', via: tinyproxyWithLogin.server })

  const wrong = await through([{ ...tinyproxyWithLogin, username: 'anna', password: secret('guess') }])
  expect((await world.curl(['--proxy', `http://${wrong.at}`, 'http://us4.example/'])).stdout).toMatch(/^HTTP\/1\.1 500 /)
  expect((await wrong.ended(0))[0]).toMatchObject({ code: 'upstream.unauthenticated', dialled: null })
}, 60_000)

test('doctor warns of one that permits CONNECT to port 443 alone', async () => {
  const strict: Upstream = { type: 'http', server: `${us.v4}:8887` }
  await startHop(
    'tinyproxy-strict',
    strict,
    (folder) => `Port 8887\nListen ${us.v4}\nTimeout 60\nLogLevel Critical\nLogFile "${folder}/log"\nConnectPort 443\n`,
    (file) => ['tinyproxy', '-d', '-c', file],
  )
  expect(await examined([strict])).toEqual([
    `ok: upstream proxy ${strict.server} (http) takes CONNECT without a login (asked for 255.255.255.255:443, which leads nowhere)`,
    `warn: upstream proxy ${strict.server} (http) does not permit CONNECT to port 80: plain http:// will not go through`,
  ])
})

test('doctor tries each, login and all, and none connects to anybody', async () => {
  const login = (password: string) => ({ ...tinyproxyWithLogin, username: 'anna', password: secret(password) })
  const upstreams = [squid, { ...squidInTls, tls: { ca: world.caFile } }, tinyproxy, dante, login('open-sesame')]
  const [good, wrong] = await Promise.all([examined(upstreams), examined([login('guess')])])
  const nowhere = '(asked for 255.255.255.255:443, which leads nowhere)'
  expect(good).toEqual([
    `ok: upstream proxy ${squid.server} (http) takes CONNECT without a login ${nowhere}`,
    `ok: upstream proxy ${squidInTls.server} (http, TLS) takes CONNECT without a login ${nowhere}`,
    `ok: upstream proxy ${tinyproxy.server} (http) takes CONNECT without a login ${nowhere}`,
    `ok: upstream proxy ${dante.server} (socks5) wants no login (no destination was asked for)`,
    `ok: upstream proxy ${tinyproxyWithLogin.server} (http) accepts the login ${nowhere}`,
  ])
  expect(wrong).toEqual([
    `fail: upstream proxy ${tinyproxyWithLogin.server} (http): the upstream proxy ${tinyproxyWithLogin.server} does not accept the login (status 401)`,
  ])
  expect(await world.reached()).toEqual([])
}, 60_000)

/** What `ringfence doctor` says of these proxies. */
async function examined(upstream: readonly Upstream[]): Promise<readonly string[]> {
  const folder = fs.mkdtempSync(path.join(world.folder, 'doctor-'))
  const file = path.join(folder, 'ringfence.yaml')
  const resolver = { servers: [`udp://${nameServer.host}:${nameServer.port}`] }
  fs.writeFileSync(file, JSON.stringify({ version: 1, policy: 'observe', records: { folder }, resolver, upstream }))
  const { stdout } = await world.inside.run([process.execPath, program, 'doctor', '--json', '--config', file])
  const { checks } = JSON.parse(stdout) as { checks: readonly { check: string; findings: readonly { state: string; says: string }[] }[] }
  return checks.find(({ check }) => check === 'upstream')?.findings.map(({ state, says }) => `${state}: ${says}`) ?? []
}

function secret(password: string): { readonly file: string } {
  const file = path.join(fs.mkdtempSync(path.join(world.folder, 'secret-')), 'password')
  fs.writeFileSync(file, password, { mode: 0o600 })
  return { file }
}

test('another Ringfence is an upstream as well; being local, it is the business of local_network', async () => {
  const next = await world.ringfence({ policy: 'observe' })
  const { at, ended } = await through([{ type: 'socks5', server: next.at }])
  const answers = [
    await world.curl(['--socks5-hostname', at, 'https://www.harmless.example/']),
    await world.curl(['--proxy', `http://${at}`, 'http://us6.example/']),
  ]
  expect(answers[0]?.stdout).toContain(`"at":"${us.v4}"`)
  expect(answers[1]?.stdout).toContain(`"at":"${us.v6}"`)
  expect((await ended(0, 2)).map(({ via, dialled }) => ({ via, dialled }))).toEqual([
    { via: next.at, dialled: us.v4 },
    { via: next.at, dialled: us.v6 },
  ])
  // It was given addresses, and found the name only in the first bytes.
  expect((await next.ended(0, 2)).map(({ asked }) => asked)).toEqual([us.v4, us.v6])
}, 60_000)

describe('a proxy in China', () => {
  test('is refused for what may not go there, with the reason, and serves the rest', async () => {
    const { at, count, ended } = await through([danteInChina])
    const answer = await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])
    expect(answer.stdout).toMatch(/^HTTP\/1\.1 403 /)
    const [record] = await ended(0)
    expect(record).toMatchObject({
      ending: 'blocked',
      reasons: [{ kind: 'fence', fence: 'not-to-china', outcome: 'violated', effect: 'block', hop: danteInChina.server }],
      sentence: `Blocked: on the way to us4.example, the upstream proxy ${cn.v4} is an address that all 3 sources place in China (CN); fence "not-to-china" lets nothing reach it.`,
    })
    expect(await world.reached()).toEqual([])
    const before = count()
    expect((await world.curl(['--proxy', `http://${at}`, 'http://ru.example/'])).stdout).toContain(`"from":"${cn.v4}"`)
    expect((await ended(before))[0]).toMatchObject({ via: danteInChina.server })
  })

  test('gives way to one that is permitted', async () => {
    const { at, ended } = await through([danteInChina, dante])
    expect((await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])).stdout).toContain(`"from":"${us.v4}"`)
    expect((await ended(0))[0]).toMatchObject({ via: dante.server, would: 'steer' })
  })

  test('is used while observing, and the record says what enforcing would have done', async () => {
    const { at, ended } = await through([danteInChina], partly('observe'))
    expect((await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])).stdout).toContain(`"from":"${cn.v4}"`)
    expect((await ended(0))[0]).toMatchObject({ via: danteInChina.server, verdict: 'allow', would: 'block' })
  })

  test('is an error of the settings where no flow may go there at all', async () => {
    const started = through([danteInChina], lines('enforce', '{ name: no-cn, never: [CN] }'))
    await expect(started).rejects.toThrow(`upstream[0].server: ${danteInChina.server} is forbidden by fence "no-cn" of policy`)
  })
})

test('a proxy that is not there refuses everything, and nothing goes round it', async () => {
  const { at, ended } = await through([{ type: 'socks5', server: `${us.v4}:${ports.refused}` }])
  expect((await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])).stdout).toMatch(/^HTTP\/1\.1 502 /)
  expect((await ended(0))[0]).toMatchObject({ code: 'upstream.unreachable', ending: 'failed' })
  expect(await world.reached()).toEqual([])
})

test('a door of its own is no upstream', async () => {
  const settings = {
    inbounds: [{ type: 'mixed', listen: '127.0.0.1:8080' }],
    upstream: [{ type: 'http', server: '127.0.0.1:8080' }],
  }
  await expect(world.ringfence({ policy: 'observe', settings })).rejects.toThrow('127.0.0.1:8080 is a door of this node itself')
})
