/** `ringfence geoip update` as people run it: through the fence, beside a proxy that is running, in a world with two vendors. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { anchors } from '../../src/geoip/anchors.ts'
import { type MmdbFile, mmdb } from '../support/mmdb-writer.ts'
import { hosts, nameServer } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const world = useWorld()
const program = path.join(import.meta.dirname, '..', '..', 'dist', 'main.js')

/** What AWS would publish: 18.162.0.0/16, which the embedded table has in Hong Kong, is in Singapore. */
const ipRanges = (createDate: string) =>
  JSON.stringify({
    syncToken: '1',
    createDate,
    prefixes: Array.from({ length: 256 }, (_, i) => ({
      ip_prefix: `18.${i}.0.0/16`,
      region: i === 162 ? 'ap-southeast-1' : 'us-east-1',
      service: 'EC2',
      network_border_group: i === 162 ? 'ap-southeast-1' : 'us-east-1',
    })),
    ipv6_prefixes: [],
  })

/**
 * The operators' tables as shipped, AWS's alone of the larger ones, so that a short edition is no loss of coverage; and
 * in place of the databases, of which a table takes seconds to make, two files that know this world.
 */
const sources = (folder: string) => [
  { type: 'embedded', roles: Object.fromEntries(left.map((name) => [name, 'off'])) },
  { type: 'mmdb', path: written(folder, 'places', places), role: 'voter' },
  { type: 'mmdb', path: written(folder, 'networks', networks), role: 'asn' },
]

const databases = ['DB-IP Lite', 'geo-whois-asn', 'anycast list', 'RIR registrations', 'AS names']
const left = [...databases, 'Google Cloud', 'Azure', 'Azure China', 'Oracle Cloud', 'Linode']

const country = (code: string) => ({ country_code: code })
const places: MmdbFile = {
  networks: [
    ['0.0.0.0/0', country('US')],
    ['::/0', country('US')],
    ['18.162.0.0/16', country('HK')],
    ['52.80.0.0/14', country('CN')],
    ['2400:7fc0::/32', country('CN')],
    ...anchors.map((anchor) => [`${anchor.address}/32`, country(anchor.country)] as const),
  ],
}
/** Whose network it is, an operator's own table is believed about. */
const amazon = { autonomous_system_number: 16_509, autonomous_system_organization: 'Amazon.com, Inc.' }
const networks: MmdbFile = {
  networks: [
    ['0.0.0.0/0', amazon],
    ['::/0', amazon],
  ],
  type: 'Test-ASN',
}

function written(folder: string, name: string, content: MmdbFile): string {
  const file = path.join(folder, `${name}.mmdb`)
  fs.writeFileSync(file, mmdb(content))
  return file
}

function publish(host: string, file: string, content: string): void {
  const at = path.join(world.folder, 'served', host, file)
  fs.mkdirSync(path.dirname(at), { recursive: true })
  fs.writeFileSync(at, content)
}

interface Setting {
  readonly file: string
  readonly folder: string
  run(...args: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }>
}

/** A node with a folder of its own. */
function node(
  policy: string,
  more: Readonly<Record<string, unknown>> = {},
): Setting & { readonly settings: Readonly<Record<string, unknown>> } {
  const folder = fs.mkdtempSync(path.join(world.folder, 'node-'))
  const file = path.join(folder, 'ringfence.yaml')
  const settings = {
    resolver: { servers: [`udp://${nameServer.host}:${nameServer.port}`] },
    geoip: { folder: path.join(folder, 'geoip'), sources: sources(folder) },
  }
  fs.writeFileSync(file, JSON.stringify({ version: 1, policy, records: { folder: path.join(folder, 'records') }, ...settings, ...more }))
  const run = (...args: readonly string[]) =>
    world.inside.run([process.execPath, program, ...args, '--config', file], { env: { NODE_EXTRA_CA_CERTS: world.caFile, ...quiet } })
  return { file, folder, run, settings }
}

const quiet = { NO_COLOR: '1', XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '' }

test('newer data is fetched, shown, taken by a running proxy, and can be rolled back', async () => {
  publish('ip-ranges.amazonaws.com', 'ip-ranges.json', ipRanges('2026-11-01-00-00-00'))
  const { run, settings } = node('no-cn')
  const proxy = await world.ringfence({ settings })
  const located = async () => (await run('locate', '18.162.1.1', '--format', 'csv')).stdout
  expect(await located()).toContain('AWS: HK (ap-east-1)')

  const updated = await run('geoip', 'update', 'AWS')
  expect(updated.stdout).toContain('AWS: 2026-04-21 → 2026-11-01')
  // It lost most of what it spoke of: that waits for a person's word.
  expect(updated).toMatchObject({ status: 1 })
  expect(updated.stdout).toMatch(/Waits as edition 1: AWS: it speaks of .* % of the IPv. \w+ that it spoke of before/)
  const [diff, meanwhile] = await Promise.all([run('geoip', 'diff'), located()])
  expect(diff.stdout).toContain('AWS: 2026-04-21 → 2026-11-01')
  expect(meanwhile).toContain('AWS: HK (ap-east-1)')

  const accepted = await run('geoip', 'update', '--accept')
  expect(accepted.stdout).toMatch(/^Accepted: edition 1 of /)
  const [status, after] = await Promise.all([run('geoip', 'status'), located()])
  expect(status.stdout).toContain('Downloaded edition 1')
  expect(after).toContain('AWS: SG (ap-southeast-1)')
  await expect.poll(() => proxy.output(), { timeout: 15_000 }).toContain('location data replaced')

  const back = await run('geoip', 'rollback')
  expect(back.stdout).toContain('In force: the data as shipped')
  expect(await located()).toContain('AWS: HK (ap-east-1)')
}, 90_000)

test('its own requests walk the road: a vendor behind the fence is not reached, and that is recorded', async () => {
  publish('www.digitalocean.com', 'geo/google.csv', '5.101.96.0/21,NL,NL-NH,Amsterdam,\n')
  const { run, folder } = node('no-cn')
  const { stdout, status } = await run('geoip', 'update', 'DigitalOcean')
  expect(stdout).toMatch(/^DigitalOcean: not updated: .*www\.digitalocean\.com .*fence "no-cn" lets nothing reach it/)
  expect(status).toBe(1)
  expect((await world.reached()).filter((at) => at.startsWith(hosts.cn.v4))).toEqual([])
  expect(await flowsOf(run, folder)).toMatchObject([{ inbound: 'update', asked: 'www.digitalocean.com', verdict: 'block' }])
}, 30_000)

test('where an upstream proxy is set, they go through it, judged as every flow is, and never round it', async () => {
  publish('ip-ranges.amazonaws.com', 'ip-ranges.json', ipRanges('2026-11-01-00-00-00'))
  const { run, folder, settings } = node('no-cn')
  const next = await world.ringfence({ policy: 'observe', settings })
  const through = (server: string) => ({ upstream: [{ type: 'http', server }] })
  const good = node('no-cn', through(next.at))
  expect((await good.run('geoip', 'update', 'AWS')).stdout).toContain('AWS: 2026-04-21 → 2026-11-01')
  expect(await flowsOf(run, good.folder)).toMatchObject([
    {
      inbound: 'update',
      asked: 'ip-ranges.amazonaws.com',
      dialled: hosts.us.v4,
      via: next.at,
      ending: 'completed',
      hops: [{ permitted: true }],
    },
  ])
  expect(await next.ended(0)).toMatchObject([{ asked: hosts.us.v4, port: 443 }])
  const before = (await world.reached()).length

  const gone = node('no-cn', through('127.0.0.1:9'))
  const policy = path.join(folder, 'policy.yaml')
  fs.writeFileSync(policy, 'version: 1\nmode: enforce\nlocal_network: block\n')
  const [{ stdout, status }, forbidden] = await Promise.all([
    gone.run('geoip', 'update', 'AWS'),
    node(policy, through(next.at)).run('geoip', 'update', 'AWS'),
  ])
  expect(stdout).toMatch(/^AWS: not updated: .*the upstream proxy 127\.0\.0\.1:9 is not reached/)
  expect(status).toBe(1)
  const attempts = await flowsOf(run, gone.folder)
  expect(attempts).toMatchObject(attempts.map(() => ({ code: 'upstream.unreachable', dialled: null })))

  expect(forbidden).toMatchObject({ status: 2, stdout: '' })
  expect(forbidden.stderr).toContain(`upstream[0].server: ${next.at} is forbidden by local_network`)
  expect((await world.reached()).length).toBe(before)
  expect(next.count()).toBe(1)
}, 60_000)

async function flowsOf(run: Setting['run'], folder: string): Promise<readonly unknown[]> {
  const { stdout } = await run('flows', '--json', '--records', path.join(folder, 'geoip', 'flows'))
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
}
