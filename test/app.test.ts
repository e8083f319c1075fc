import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../src/app.ts'
import { loadSettings } from '../src/config/load.ts'
import type { Settings } from '../src/config/settings.ts'
import { OperatorError } from '../src/model/errors.ts'
import type { FlowRecord } from '../src/records/record.ts'
import { readRecords } from '../src/records/store.ts'
import { smallDisk } from './records/small-disk.ts'
import { mmdb } from './support/mmdb-writer.ts'

const temporary = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-app-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

const places = mmdb({
  networks: [
    ['52.81.0.0/16', { country: { iso_code: 'CN' } }],
    ['8.8.8.0/24', { country: { iso_code: 'US' } }],
  ],
})

/** Settings as an operator would write them, with a small database and a records folder of their own. */
function settingsOf(lines = '', folder = temporary()): Settings {
  const file = path.join(folder, 'ringfence.yaml')
  fs.writeFileSync(path.join(folder, 'places.mmdb'), places)
  fs.writeFileSync(
    file,
    `node: test
inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]
${/^web:/m.test(lines) ? '' : 'web: { listen: off }'}
geoip: { sources: [{ type: mmdb, path: places.mmdb, role: voter }] }
${/^records:/m.test(lines) ? '' : 'records: { folder: flows }'}
${lines}`,
  )
  return loadSettings({ config: file })
}

const silent = pino({ level: 'silent' })

async function started(settings: Settings): Promise<App> {
  const app = await startApp(settings, undefined, silent)
  onTestFinished(() => app.stop(0))
  return app
}

const refusal = async (settings: Settings, mode?: 'observe' | 'enforce'): Promise<Error> => {
  const app = await startApp(settings, mode, silent).catch((error: Error) => error)
  if (app instanceof Error) return app
  await app.stop(0)
  throw new Error('it started')
}

/** A free port that something listens on. */
async function taken(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as net.AddressInfo).port
}

async function origin(): Promise<number> {
  const server = http.createServer((request, response) => void response.end(`${request.method} ${request.url}`))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

/** A plain GET through the proxy. */
function get({ doors: [door] }: App, url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: door?.bound.host, port: door?.bound.port, path: url, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject)
  })
}

const handles = () =>
  process
    .getActiveResourcesInfo()
    .filter((name) => /^(TCP|Pipe)Server|^TCPSocket|^Timeout|^FS/.test(name))
    .sort()

/** What is open now and was not before; what another test still had under way then may be gone. */
const opened = (before: readonly string[]) => () => {
  const left = [...before]
  return handles().filter((name) => {
    const at = left.indexOf(name)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

async function recordsOf(settings: Settings) {
  const records: FlowRecord[] = []
  for await (const record of readRecords(settings.records.folder)) records.push(record)
  return records
}

test('it starts, serves, records, and leaves nothing behind when it stops', async () => {
  const port = await origin()
  const settings = settingsOf()
  const before = handles()
  const app = await startApp(settings, undefined, silent)
  expect(app.doors).toEqual([{ name: 'mixed', bound: { host: '127.0.0.1', port: expect.any(Number) } }])
  expect(app.policy.name).toBe('observe')
  expect(app.table?.sources.map(({ name }) => name)).toEqual(['places'])
  expect(await get(app, `http://127.0.0.1:${port}/page`)).toEqual({ status: 200, body: 'GET /page' })
  await app.stop(1_000)
  expect(app.summary()).toMatch(/^1 flow: 1 allowed, 0 refused/)
  await expect.poll(opened(before)).toEqual([])
  expect(await recordsOf(settings)).toMatchObject([{ ending: 'completed', verdict: 'allow', port }])
  // The folder is free again, and its journal goes on.
  const again = await startApp(settings, undefined, silent)
  await again.stop(0)
})

test('a pack in the shadow that would have blocked nothing is not in the summary', async () => {
  const settings = settingsOf()
  const app = await started(settings)
  const port = await origin()
  await get(app, `http://127.0.0.1:${port}/`)
  await app.stop(0)
  expect(app.summary()).toBe('1 flow: 1 allowed, 0 refused')
})

test('stop cuts what is still open after the grace, and its record is closed', async () => {
  const settings = settingsOf()
  const app = await started(settings)
  const [door] = app.doors
  const quiet = net.createServer((socket) => socket.on('error', () => {}))
  await new Promise<void>((resolve) => quiet.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void quiet.close())
  const client = net.connect(door!.bound.port, door!.bound.host)
  onTestFinished(() => void client.destroy())
  client.on('error', () => {})
  const target = `127.0.0.1:${(quiet.address() as net.AddressInfo).port}`
  client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  const answer = await new Promise((resolve) => client.once('data', resolve))
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  const closed = new Promise((resolve) => client.once('close', resolve))
  await app.stop(50)
  await closed
  expect(await recordsOf(settings)).toMatchObject([{ verdict: 'allow', ending: 'shutdown' }])
})

test('two doors know each other: neither is reached through the other', async () => {
  const app = await started({ ...settingsOf(), inbounds: [door('a'), door('b')] })
  const [, second] = app.doors
  const { status, body } = await get(app, `http://127.0.0.1:${second!.bound.port}/`)
  expect(status).toBe(403)
  expect(body).toContain("Ringfence's own door")
})

test('the page serves the PAC of the doors, is not reached through them, and ends with them', async () => {
  const settings = settingsOf('web: { listen: "127.0.0.1:0" }')
  const before = handles()
  const app = await startApp(settings, undefined, silent)
  if (app.page.kind !== 'open') throw new Error(`the page is ${app.page.kind}`)
  const { port } = app.page.at
  const pac = `http://127.0.0.1:${port}/proxy.pac`
  expect(await (await fetch(pac)).text()).toContain(`return "PROXY 127.0.0.1:${app.doors[0]?.bound.port}; SOCKS5 `)
  for (const url of [pac, `http://localhost:${port}/`, `http://127.9.9.9:${port}/`]) expect((await get(app, url)).status).toBe(403)
  await app.stop(0)
  await expect.poll(opened(before)).toEqual([])
})

test('a page whose address is taken closes the doors again', async () => {
  const before = handles()
  const port = await taken()
  const error = await refusal(settingsOf(`web: { listen: "127.0.0.1:${port}" }`))
  expect(error.message).toMatch(/^web\.listen: something else listens on 127\.0\.0\.1:/)
  await expect.poll(() => opened(before)().filter((name) => name !== 'TCPServerWrap')).toEqual([])
})

test('a second one on the same records folder is refused, and the first goes on', async () => {
  const settings = settingsOf()
  const app = await started(settings)
  const error = await refusal(settings)
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(`another Ringfence (pid ${process.pid}) writes to ${settings.records.folder}; stop it or set records.folder`)
  expect((await get(app, `http://127.0.0.1:${await origin()}/`)).status).toBe(200)
})

test('a port that is taken is the operator’s to free, and nothing is left open: no door, no journal', async () => {
  const port = await taken()
  const folder = temporary()
  const settings = settingsOf('', folder)
  const before = handles()
  const error = await refusal({ ...settings, inbounds: [door('a'), door('b', port)] })
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(
    `cannot listen on 127.0.0.1:${port}: another program listens there; stop it or choose another port with --listen`,
  )
  await expect.poll(opened(before)).toEqual([])
  await started(settings)
})

test('a resolver that the policy forbids is a fault of the settings, which names the fence', async () => {
  const settings = settingsOf('policy: no-cn\nresolver: { servers: ["udp://8.8.8.8", "udp://52.81.151.250"] }\n')
  const error = await refusal(settings)
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(`${settings.file}: resolver.servers: 52.81.151.250:53 is forbidden by fence "no-cn" of policy no-cn`)
  // Observing blocks nothing, so it forbids no resolver either.
  const app = await startApp(settings, 'observe', silent)
  await app.stop(0)
})

test('a resolver on the LAN is not judged by country', async () => {
  await started(settingsOf('policy: no-cn\nresolver: { servers: ["udp://127.0.0.1:53", "udp://10.0.0.1"] }\n'))
})

test('a database that can’t be used is named with the reason', async () => {
  const folder = temporary()
  const settings = settingsOf('', folder)
  const strict = { ...settings, geoip: { ...settings.geoip, whenNoTable: 'exit' as const } }
  fs.writeFileSync(path.join(folder, 'places.mmdb'), 'no database')
  const error = await refusal(strict)
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toMatch(/places\.mmdb: not an mmdb file, or cut off/)
  fs.rmSync(path.join(folder, 'places.mmdb'))
  expect(await refusal(strict)).toBeInstanceOf(OperatorError)
})

test('a records folder that can’t be made is named', async () => {
  const folder = temporary()
  fs.writeFileSync(path.join(folder, 'file'), '')
  const error = await refusal(settingsOf('records: { folder: file/flows }', folder))
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toContain(path.join(folder, 'file', 'flows'))
})

test.for([
  ['block', 503],
  ['continue', 200],
] as const)('on a full disk, when_disk_full: %s', async ([choice, status], context) => {
  const folder = await smallDisk((why) => context.skip(why))
  const app = await started(settingsOf(`records: { folder: "${folder}/flows", when_disk_full: ${choice} }`))
  const url = `http://127.0.0.1:${await origin()}/`
  expect((await get(app, url)).status).toBe(200)
  fill(folder)
  // The journal's last page has room for a few lines yet.
  const statuses: number[] = []
  for (let i = 0; i < 12; i++) statuses.push((await get(app, url)).status)
  expect(statuses.at(-1)).toBe(status)
})

const door = (name: string, port = 0) =>
  ({
    type: 'mixed',
    name,
    listen: { host: settingsOf().inbounds[0].listen.host, port },
    login: 'none',
    clients: [],
    tls: null,
    balancers: [],
  }) as const

function fill(folder: string): void {
  try {
    for (;;) fs.appendFileSync(path.join(folder, 'filler'), Buffer.alloc(512))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  }
}

test('a disk that is full from the start stops a node that must record, and no other', async (context) => {
  const folder = await smallDisk((why) => context.skip(why))
  fs.mkdirSync(path.join(folder, 'flows'))
  fill(folder)
  const settings = (choice: string) => settingsOf(`records: { folder: "${folder}/flows", when_disk_full: ${choice} }`)
  expect(await refusal(settings('block'))).toMatchObject({ code: 'record.failed' })
  const app = await started(settings('continue'))
  expect((await get(app, `http://127.0.0.1:${await origin()}/`)).status).toBe(200)
})
