/** A machine without a way out, or one that loses it (a laptop that leaves its Wi-Fi): what needs no way goes on, the rest is refused. */
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { whyNoNamespaces, worldAddress } from '../support/namespace.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { bannerText, hosts, nameServer, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, ru } = hosts
const world = useWorld()
const program = path.join(import.meta.dirname, '..', '..', 'dist', 'main.js')

const neighbour = worldAddress.v4
const routes = [
  ['-4', 'default', 'via', neighbour],
  ['-6', 'default', 'via', worldAddress.v6],
]

const route = async (what: 'delete' | 'replace') => {
  for (const [family = '', ...way] of routes) await world.inside.run(['ip', family, 'route', what, ...way])
}

afterEach(async () => {
  if (whyNoNamespaces() === null) await route('replace')
})

const outside = [`udp://${us.v4}:53`, `udp://[${us.v6}]:53`]
const asking = (servers: readonly string[]) => world.ringfence({ policy: 'observe', settings: { resolver: { servers } } })

test.each([...outside, 'system'])(
  'without a route to its name server (%s) it refuses, and works once there is one',
  async (server) => {
    await route('delete')
    const { at, ended } = await asking([server])
    for (const name of ['us4.example', 'us6.example']) {
      const { stdout } = await world.curl(['--proxy', `http://${at}`, `http://${name}/`])
      expect(stdout).toMatch(/^HTTP\/1\.1 502 /)
      expect(stdout).toContain('could not be reached')
    }
    expect((await ended(0, 2)).map(({ code }) => code)).toEqual(['resolve.failed', 'resolve.failed'])
    expect(await world.inside.run(['curl', '-sS', '-m', '5', `http://${us.v4}/`])).toMatchObject({ status: 7 })
    if (server.includes('[')) return // the world's name server has no IPv6
    await route('replace')
    expect((await world.curl(['--proxy', `http://${at}`, 'http://us4.example/'])).stdout).toContain(`"at":"${us.v4}"`)
  },
  60_000,
)

test('the next server is asked at once', async () => {
  await route('delete')
  // On the way to this one alone there is a route.
  await world.inside.run(['ip', 'route', 'replace', `${nameServer.host}/32`, 'via', neighbour])
  const { at } = await asking(['udp://8.8.4.4:53', `udp://[${us.v6}]:53`, `udp://${nameServer.host}:53`])
  const answer = await world.curl(['--proxy', `http://${at}`, 'http://us4.example/', '--write-out', '\n%{time_total}'])
  await world.inside.run(['ip', 'route', 'delete', `${nameServer.host}/32`])
  expect(answer.stdout).toContain(`"at":"${us.v4}"`)
  expect(Number(answer.stdout.split('\n').at(-1))).toBeLessThan(3)
})

test('a tunnel that needs no route goes on when the route goes, whatever is looked up meanwhile', async () => {
  const { at } = await asking(outside)
  const tunnel = world.inside.start(['nc', '-X', 'connect', '-x', at, neighbour, String(ports.banner)], { stdio: ['pipe', 'pipe', 'pipe'] })
  let heard = ''
  tunnel.stdout?.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  await eventually('the banner', () => heard === bannerText)
  await route('delete')
  for (const name of ['us4.example', 'us6.example', 'mixed.example'])
    expect((await world.curl(['--proxy', `http://${at}`, `http://${name}/`])).stdout).toMatch(/^HTTP\/1\.1 502 /)
  tunnel.stdin?.write('still here\n')
  await eventually('the echo', () => heard === `${bannerText}still here\n`)
  tunnel.stdin?.end()
})

test('datagrams to where there is no route are lost, and the proxy goes on', async () => {
  const { port } = await asking(outside)
  const to = (host: string) => ({ host, port: ports.echo, text: 'hello' })
  await route('delete')
  const proxy = { host: '127.0.0.1', port }
  const datagrams = [us.v4, us.v6, 'us4.example'].map(to)
  expect(await world.client('socks-datagrams.mjs', { proxy, datagrams })).toEqual([null, null, null])
  await route('replace')
  // Another one: what could not be reached is not tried again for a while.
  expect(await world.client('socks-datagrams.mjs', { proxy, datagrams: [to(ru.v4)] })).toEqual([
    { from: 'IPv4', text: `${ru.v4} heard hello` },
  ])
})

test('doctor says so, and goes on to its other checks', async () => {
  const folder = fs.mkdtempSync(path.join(world.folder, 'doctor-'))
  const file = path.join(folder, 'ringfence.yaml')
  fs.writeFileSync(
    file,
    JSON.stringify({ version: 1, policy: 'observe', records: { folder }, resolver: { servers: [...outside, 'system'] } }),
  )
  await route('delete')
  const { status, stdout } = await world.inside.run([process.execPath, program, 'doctor', '--json', '--config', file])
  expect(status).toBe(1)
  const { checks } = JSON.parse(stdout) as { checks: readonly { check: string; findings: readonly { state: string; says: string }[] }[] }
  const said = checks.find(({ check }) => check === 'resolver')?.findings ?? []
  expect(said.map(({ state }) => state)).toEqual(['fail', 'fail', 'fail'])
  for (const { says } of said) expect(says).toMatch(/could not be reached$/)
  expect(checks.at(-1)?.check).toBe('self-test')
})
