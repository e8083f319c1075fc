/** `ringfence geoip update` as people run it: through the fence, beside a proxy that is running, in a world with two vendors. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
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

/** AWS's table alone as the authority, so that a short edition is no loss of coverage. */
const sources = (folder: string) => [
  { type: 'embedded', roles: { 'Google Cloud': 'off', Azure: 'off', 'Azure China': 'off', 'Oracle Cloud': 'off', Linode: 'off' } },
  { type: 'override', places: { '192.0.0.9/32': 'DE' }, name: folder },
]

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
function node(policy: string): Setting & { readonly settings: Readonly<Record<string, unknown>> } {
  const folder = fs.mkdtempSync(path.join(world.folder, 'node-'))
  const file = path.join(folder, 'ringfence.yaml')
  const settings = {
    resolver: { servers: [`udp://${nameServer.host}:${nameServer.port}`] },
    geoip: { folder: path.join(folder, 'geoip'), sources: sources(folder.slice(-30)) },
  }
  fs.writeFileSync(file, JSON.stringify({ version: 1, policy, records: { folder: path.join(folder, 'records') }, ...settings }))
  const run = (...args: readonly string[]) =>
    world.inside.run([process.execPath, program, ...args, '--config', file], { env: { NODE_EXTRA_CA_CERTS: world.caFile, ...quiet } })
  return { file, folder, run, settings }
}

const quiet = { NO_COLOR: '1', XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? '' }

test('newer data is fetched, shown, taken by a running proxy, and can be rolled back', async () => {
  publish('ip-ranges.amazonaws.com', 'ip-ranges.json', ipRanges('2026-11-01-00-00-00'))
  const { run, settings } = node('no-cn')
  const proxy = await world.ringfence({ settings })
  const before = await run('locate', '18.162.1.1', '--format', 'csv')
  expect(before.stdout).toContain('AWS: HK (ap-east-1)')

  const updated = await run('geoip', 'update', 'AWS')
  expect(updated.stdout).toContain('AWS: 2026-04-21 → 2026-11-01')
  // It lost most of what it spoke of: that waits for a person's word.
  expect(updated).toMatchObject({ status: 1 })
  expect(updated.stdout).toMatch(/Waits as edition 1: AWS: it speaks of .* % of the IPv. \w+ that it spoke of before/)
  expect((await run('geoip', 'diff')).stdout).toContain('AWS: 2026-04-21 → 2026-11-01')
  expect((await run('locate', '18.162.1.1', '--format', 'csv')).stdout).toContain('AWS: HK (ap-east-1)')

  const accepted = await run('geoip', 'update', '--accept')
  expect(accepted.stdout).toMatch(/^Accepted: edition 1 of /)
  expect((await run('locate', '18.162.1.1', '--format', 'csv')).stdout).toContain('AWS: SG (ap-southeast-1)')
  await expect.poll(() => proxy.output(), { timeout: 15_000 }).toContain('location data replaced')
  expect((await run('geoip', 'status')).stdout).toContain('Downloaded edition 1')

  const back = await run('geoip', 'rollback')
  expect(back.stdout).toContain('In force: the data as shipped')
  expect((await run('locate', '18.162.1.1', '--format', 'csv')).stdout).toContain('AWS: HK (ap-east-1)')
}, 90_000)

test('its own requests walk the road: a vendor behind the fence is not reached, and that is recorded', async () => {
  publish('www.digitalocean.com', 'geo/google.csv', '5.101.96.0/21,NL,NL-NH,Amsterdam,\n')
  const { run, folder } = node('no-cn')
  const { stdout, status } = await run('geoip', 'update', 'DigitalOcean')
  expect(stdout).toMatch(/^DigitalOcean: not updated: .*www\.digitalocean\.com .*fence "no-cn" lets nothing reach it/)
  expect(status).toBe(1)
  expect((await world.reached()).filter((at) => at.startsWith(hosts.cn.v4))).toEqual([])
  const flows = await run('flows', '--json', '--records', path.join(folder, 'geoip', 'flows'))
  expect(
    flows.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ inbound: 'update', asked: 'www.digitalocean.com', verdict: 'block' }])
}, 30_000)
