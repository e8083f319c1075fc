/** A policy that changes while the whole program runs: taken or refused, recorded, and felt by what is live. */
import fs from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '../../src/app.ts'
import { overlayCommand } from '../../src/cli/commands/policy/overlay.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { JournalEvent } from '../../src/model/event.ts'
import { readEvents } from '../../src/records/event-reader.ts'
import { folderWith, ran } from '../cli/screen.ts'
import { eventually } from '../support/proxy-under-test.ts'

const policy = (fences: string, tests = '') => `version: 1
mode: enforce
uncertain: { disputed: block, unknown: block, anycast: block }
local_network: allow
fences: [${fences}]
${tests}`

const open = '{ name: nowhere, never: [KP] }'
const closed = '{ name: nothing-here, traffic: { cidr: 127.0.0.0/8, network: tcp }, never: anywhere }'

async function node() {
  const folder = folderWith({
    'policy.yaml': policy(open),
    'ringfence.yaml':
      'policy: ./policy.yaml\ninbounds: [{ type: mixed, listen: "127.0.0.1:0" }]\nweb: { listen: off }\ngeoip: { folder: geoip }\nrecords: { folder: flows }\n',
  })
  const config = path.join(folder, 'ringfence.yaml')
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const app = await startApp(loadSettings({ config }), undefined, log)
  onTestFinished(() => app.stop(0))
  const write = (text: string) => fs.writeFileSync(path.join(folder, 'policy.yaml'), text)
  const events = async () => {
    const all: JournalEvent[] = []
    for await (const event of readEvents(path.join(folder, 'flows'), {})) all.push(event)
    return all
  }
  return { app, write, events, config, log: () => lines.join('\n'), port: app.doors[0]?.bound.port ?? 0 }
}

async function echoing(): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A tunnel that is up, and how it ended. */
async function tunnel(proxy: number, target: number) {
  const socket = net.connect(proxy, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const state = { heard: '', ended: null as string | null }
  socket.on('data', (data) => {
    state.heard += String(data)
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    state.ended = error.code ?? error.message
  })
  socket.on('close', () => {
    state.ended ??= 'closed'
  })
  socket.write(`CONNECT 127.0.0.1:${target} HTTP/1.1\r\nHost: x\r\n\r\nhello`)
  await eventually('the tunnel', () => state.heard.includes('hello'))
  return state
}

const statusOf = (proxy: number, target: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: proxy, path: `http://127.0.0.1:${target}/`, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
  })

test('a new policy is taken within seconds, cuts what is outside, and everything of it is in the journal', async () => {
  const { app, write, events, port, log } = await node()
  const target = await echoing()
  const live = await tunnel(port, target)
  const before = app.policy.hash
  write(policy(closed))
  await eventually('the cut', () => live.ended !== null, 5_000)
  expect(live.ended).toBe('ECONNRESET')
  expect(await statusOf(port, target)).toBe(403)
  expect(log()).toMatch(/of 1 live flows 1 was cut/)
  const told = (await events()).map((event) => event.type)
  expect(told.slice(0, 7)).toEqual(['started', 'table', 'policy', 'decided', 'policy', 'rejudged', 'ended'])
  const [rejudged] = (await events()).filter((event) => event.type === 'rejudged')
  expect(rejudged).toMatchObject({ verdict: 'block', policy: app.policy.hash })
  expect(app.policy.hash).not.toBe(before)
})

test('a faulty policy and one that fails its test are refused, in log, journal and state, and what flows goes on', async () => {
  const { app, write, events, port, log } = await node()
  const live = await tunnel(port, await echoing())
  write(policy('{ name: a, never: [UK] }'))
  await app.reload()
  write(policy(closed, 'tests: [{ to: "127.0.0.1:80", expect: allow }]'))
  await app.reload()
  expect(app.policyRefused).toMatch(/1 of 1 tests fails: .*policy\.yaml:6 tests\[0\] 127\.0\.0\.1:80: expected allow, got block/)
  expect(log()).toMatch(/policy not taken: .*"UK" is not a country code, did you mean "GB"\?; what is in force stays/)
  expect((await events()).filter((event) => event.type === 'policy-refused')).toHaveLength(2)
  expect(live.ended).toBeNull()
  write(policy(open))
  await app.reload()
  expect(app.policyRefused).toBeNull()
})

test('an overlay that was set on the command line is taken by the running proxy, and is over when it is cleared', async () => {
  const { events, port, config, write, app } = await node()
  const target = await echoing()
  write(policy(`${closed}, { name: fixed, never: [KP], locked: true }`))
  await app.reload()
  expect(await statusOf(port, target)).toBe(403)
  const overlay = (...args: string[]) => ran((out) => overlayCommand(() => out), [...args, '--config', config])
  expect((await overlay('nothing-here', 'off', '--for', '30m', '--reason', 'a demo')).shown).toMatch(
    /^Fence "nothing-here" is off until 20/,
  )
  await app.reload()
  const live = await tunnel(port, target)
  expect((await overlay()).shown).toMatch(/nothing-here {2}off {2}20.* a demo/)
  await overlay('nothing-here', 'clear')
  await eventually('the cut', () => live.ended !== null, 5_000)
  expect((await events()).filter((event) => event.type === 'overlay')).toMatchObject([
    { fence: 'nothing-here', enabled: false, reason: 'a demo' },
    { fence: 'nothing-here', enabled: null, until: null },
  ])
  expect(await overlay('fixed', 'off', '--for', '1h', '--reason', 'x')).toMatchObject({
    code: 2,
    error: 'policy overlay: fence "fixed" is locked: only the policy itself can change it',
  })
  expect((await overlay('nothing-here', 'off', '--for', '1y', '--reason', 'x')).error).toMatch(/say how long with --for 30m, 2h or 1d/)
  expect((await overlay('nothing-here', 'off', '--for', '1h')).error).toMatch(/say why with --reason/)
})
