/** The rules are loaded in a network namespace of the test's own, beside a real proxy that runs as root; what tries to get out is nobody. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { firewallLinux } from '../../src/cli/setup/firewall-linux.ts'
import type { Parameters } from '../../src/cli/setup/target.ts'
import { here } from '../cli/setup/made-up.ts'
import { hosts } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

vi.setConfig({ testTimeout: 60_000 })

const { us } = hosts
const world = useWorld()
const proxy = world.shared({ policy: 'observe' })

const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
const curl = async (url: string, ...args: string[]) =>
  await world.inside.run([...asNobody, 'curl', '-sS', '--max-time', '8', '--noproxy', '', ...args, url])

const program = path.join(import.meta.dirname, '..', '..', 'dist', 'main.js')

/** A port of Zoom's media; the world's listener says what came. */
const MEDIA = 8801

async function load(parameters: Parameters): Promise<void> {
  const file = path.join(world.folder, 'ringfence.nft')
  fs.writeFileSync(file, firewallLinux.text(parameters))
  for (const args of [
    ['-c', '-f', file],
    ['-f', file],
  ]) {
    const { status, stderr } = await world.inside.run(['nft', ...args])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  }
}

const unload = async () => await world.inside.run(['nft', 'delete', 'table', 'inet', 'ringfence'])

/** Whether a datagram that the user `nobody` sends arrives, and what its sender is told. */
async function sendDatagram(to: string): Promise<{ readonly arrived: boolean; readonly said: string }> {
  const family = to.includes(':') ? 'udp6' : 'udp4'
  const receiver = world.outside.start(
    [
      process.execPath,
      '-e',
      `const s = require('dgram').createSocket('${family}'); s.on('message', () => console.log('arrived')); s.bind(${MEDIA}, '${to}', () => console.log('ready'))`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let heard = ''
  receiver.stdout?.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  try {
    await vi.waitFor(() => expect(heard).toContain('ready'), 10_000)
    const program = `const s = require('dgram').createSocket('${family}'); s.send('x', ${MEDIA}, '${to}', (error) => { console.log(error ? error.code : 'sent'); s.close() })`
    const { stdout } = await world.inside.run([...asNobody, process.execPath, '-e', program])
    // One that was let out is there at once: it has one cable to go.
    await vi.waitFor(() => expect(heard).toContain('arrived'), stdout.includes('sent') ? 5_000 : 500).catch(() => {})
    return { arrived: heard.includes('arrived'), said: stdout.trim() }
  } finally {
    receiver.kill('SIGKILL')
  }
}

test('without the rules all of it gets out, so that what follows is the rules’ doing', async () => {
  for (const address of [us.v4, `[${us.v6}]`]) expect((await curl(`http://${address}/page`)).stdout).toContain('served at')
  for (const address of [us.v4, us.v6]) expect(await sendDatagram(address)).toEqual({ arrived: true, said: 'sent' })
})

test('with the rules nothing gets out directly, and is told so at once; through the proxy it does', async () => {
  const { at } = await proxy()
  await load({ ...here, user: '0' })
  try {
    for (const address of [us.v4, `[${us.v6}]`]) {
      const started = performance.now()
      const { status, stderr, stdout } = await curl(`http://${address}/page`)
      expect({ status, stdout }).toEqual({ status: 7, stdout: '' })
      expect(stderr).toMatch(/refused|Couldn't connect|Failed to connect/)
      expect(performance.now() - started).toBeLessThan(4_000)
      for (const scheme of ['http', 'socks5h']) {
        const through = await curl(`http://${address}/page`, '--proxy', `${scheme}://${at}`)
        expect(through.stdout).toContain('served at')
      }
    }
    expect((await curl('http://us.example/page', '--proxy', `http://${at}`)).stdout).toContain('served at')
    for (const address of [us.v4, us.v6]) {
      const { arrived, said } = await sendDatagram(address)
      expect({ arrived, said }).toEqual({ arrived: false, said: expect.stringMatching(/^E(PERM|ACCES|HOSTUNREACH|CONNREFUSED)$/) })
    }
    // Names are looked up by the proxy alone.
    expect((await world.report()).queries.map(({ name }) => name)).toContain('us.example')
    expect((await curl('http://us.example/page')).stderr).toMatch(/resolve/i)
  } finally {
    await unload()
  }
})

test('"setup --check" sees the difference that the rules make', async () => {
  const { at } = await proxy()
  const settings = path.join(world.folder, 'check.yaml')
  fs.writeFileSync(settings, JSON.stringify({ inbounds: [{ type: 'mixed', listen: at }], web: { listen: 'off' } }))
  const check = async () => {
    const probes = ['--probe', `${us.v4}:443`, `[${us.v6}]:443`]
    // Anybody may read the settings, but not the folders that lead to them.
    fs.chmodSync(world.folder, 0o755)
    const { status, stdout } = await world.inside.run([
      ...asNobody,
      process.execPath,
      program,
      'setup',
      '--check',
      ...probes,
      '--config',
      settings,
    ])
    return { status, stdout }
  }
  const open = await check()
  expect(open.status).toBe(1)
  expect(open.stdout.match(/direct to \S+: open/g)).toHaveLength(2)
  await load({ ...here, user: '0' })
  try {
    const closed = await check()
    expect(closed.stdout).toMatch(/Ringfence answers over HTTP and SOCKS5/)
    expect(closed.stdout.match(/direct to \S+: closed/g)).toHaveLength(2)
    expect(closed.status).toBe(0)
  } finally {
    await unload()
  }
})

test('loaded twice it is there once, and unloaded it is gone', async () => {
  await load({ ...here, user: '0' })
  await load({ ...here, user: '0', dnsUser: '65534' })
  const { stdout } = await world.inside.run(['nft', 'list', 'ruleset'])
  expect(stdout.match(/^table /gm)).toHaveLength(1)
  expect(stdout.match(/skuid 65534/g)).toHaveLength(1)
  await unload()
  expect((await world.inside.run(['nft', 'list', 'ruleset'])).stdout).toBe('')
})

test('where the proxy is elsewhere, it alone is reached, even by root', async () => {
  await load({ ...here, elsewhere: true, door: { ...here.door, host: us.v4, port: 80 } })
  try {
    expect((await curl(`http://${us.v4}/page`)).stdout).toContain('served at')
    expect((await curl(`https://${us.v4}/page`, '-k')).status).toBe(7)
    expect((await world.inside.run(['curl', '-sS', '--max-time', '8', `http://[${us.v6}]/page`])).status).toBe(7)
  } finally {
    await unload()
  }
})

test('whoever asks names for Ringfence may ask, and no more', async () => {
  await load({ ...here, user: '0', dnsUser: '65534' })
  try {
    expect((await curl('http://us.example/page')).stderr).not.toMatch(/resolve/i)
    expect((await curl('http://us.example/page')).status).toBe(7)
  } finally {
    await unload()
  }
})
