/** What befalls location data while the whole program runs: it never fails open, never loses a flow, and every record names its table. */
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { JournalEvent } from '../../src/model/event.ts'
import { readEvents } from '../../src/records/event-reader.ts'
import { spawned } from '../cli/spawned.ts'
import { mmdb } from '../support/mmdb-writer.ts'

/** A made-up database; the code at 8.8.8.0/24 tells one from another. */
const database = (code = 'US', built = '2026-06-01') =>
  mmdb({
    networks: [
      ['52.81.0.0/16', { country_code: 'CN' }],
      ['8.8.8.0/24', { country_code: code }],
    ],
    built,
  })

const asDatabase = mmdb({ networks: [['8.0.0.0/8', { autonomous_system_number: 15169 }]], type: 'GeoLite2-ASN' })

const flipped = (bytes: Buffer) => {
  const copy = Buffer.from(bytes)
  copy[20] = (copy[20] ?? 0) ^ 0x40
  return copy
}

const bad: readonly (readonly [what: string, bytes: Buffer, why: RegExp])[] = [
  ['empty', Buffer.alloc(0), /places\.mmdb: the file is empty/],
  ['truncated', database().subarray(0, 300), /places\.mmdb: \S/],
  ['zeroed in its middle', Buffer.from(database()).fill(0, 60, 400), /places\.mmdb: \S/],
  ['with one bit flipped', flipped(database()), /places\.mmdb: \S/],
  ['a database of AS numbers', asDatabase, /places\.mmdb: not a country database/],
]

const policy = `version: 1
mode: enforce
uncertain: { disputed: block, unknown: allow, anycast: allow }
fences: [{ name: no-cn, never: [CN] }]
`

/** Of this file's tests alone: in a folder that all tests share, others' tables drive out the ones that are meant here. */
const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-damage-cache-'))
afterAll(() => fs.rmSync(cache, { recursive: true, force: true }))

function nodeWith(places: Buffer, geoip = '') {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-damage-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  fs.writeFileSync(path.join(folder, 'places.mmdb'), places)
  fs.writeFileSync(path.join(folder, 'policy.yaml'), policy)
  fs.writeFileSync(
    path.join(folder, 'ringfence.yaml'),
    `policy: policy.yaml
inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]
web: { listen: off }
geoip: { folder: geoip, sources: [{ type: mmdb, path: places.mmdb, role: voter, name: places }]${geoip} }
records: { folder: flows }
`,
  )
  let part = 0
  const replace = (bytes: Buffer) => {
    fs.writeFileSync(path.join(folder, `part-${++part}`), bytes)
    fs.renameSync(path.join(folder, `part-${part}`), path.join(folder, 'places.mmdb'))
  }
  const settings = () => {
    const loaded = loadSettings({ config: path.join(folder, 'ringfence.yaml') })
    return { ...loaded, geoip: { ...loaded.geoip, cache } }
  }
  return { folder, replace, settings }
}

/** The program in this process, and what it logs. */
async function running(node: ReturnType<typeof nodeWith>) {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const app = await startApp(node.settings(), undefined, log)
  onTestFinished(() => app.stop(0))
  const events = async () => {
    const all: JournalEvent[] = []
    for await (const event of readEvents(path.join(node.folder, 'flows'), {})) all.push(event)
    return all
  }
  return { app, log: () => lines.join('\n'), events }
}

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

async function origin(): Promise<number> {
  const server = http.createServer((_, response) => response.end('here'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** The port of a server that sends back what it receives. */
async function echoing(): Promise<number> {
  const server = net.createServer((socket) => void socket.pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A tunnel by CONNECT, to something that sends back what it receives. */
async function tunnelTo({ doors: [door] }: App, target: string) {
  const socket = net.connect(door?.bound.port ?? 0, door?.bound.host)
  onTestFinished(() => void socket.destroy())
  const heard = async () => String((await once(socket, 'data'))[0])
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  expect(await heard()).toMatch(/^HTTP\/1\.1 200 /)
  return {
    say: (text: string) => {
      socket.write(text)
      return heard()
    },
    end: async () => {
      const closed = once(socket, 'close')
      socket.end()
      await closed
    },
  }
}

/** In China by every database here, so that it is refused and never dialled. */
const china = 'http://52.81.151.250/'

describe('at the start', { timeout: 60_000 }, () => {
  test.each(bad)(
    'a file that is %s: everything that needs a country is blocked, loudly, whatever the policy says of the unknown',
    async (_, bytes, why) => {
      const port = await origin()
      const { app, log } = await running(nodeWith(bytes))
      expect(app.table).toBeNull()
      expect(app.tableRefused).toMatch(why)
      expect(log()).toMatch(/location data not taken: .*; no location data is good: whatever needs a country is blocked/)
      for (const url of [china, 'http://8.8.8.8/']) {
        const { status, body } = await get(app, url)
        expect(status).toBe(403)
        expect(body).toContain('could not be placed, since no location data is loaded; fence "no-cn" needs its country')
      }
      // What needs none passes.
      expect(await get(app, `http://127.0.0.1:${port}/`)).toEqual({ status: 200, body: 'here' })
    },
  )

  test.each(bad)('a file that is %s: with when_no_table: exit it says so in one line and ends with 2', async (_, bytes, why) => {
    const node = nodeWith(bytes, ', when_no_table: exit')
    const { code, err } = await spawned(['run', '--config', path.join(node.folder, 'ringfence.yaml')], { cwd: node.folder }).ended
    expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, lines: 1 })
    expect(err).toMatch(why)
  })

  test('data that was good once is used when the file is not, also over a restart', async () => {
    const node = nodeWith(database())
    const first = await running(node)
    const hash = first.app.table?.hash
    await first.app.stop(0)
    node.replace(database().subarray(0, 300))
    const { app, log } = await running(node)
    expect(app.table?.hash).toBe(hash)
    expect(log()).toMatch(/location data not taken: .*; going on with the last good: places of 2026-06-01/)
    expect((await get(app, china)).status).toBe(403)
  })

  test.each<[what: string, damage: (folder: string) => void]>([
    ['cut off', (folder) => eachTable(folder, (file) => fs.truncateSync(file, 100))],
    ['flipped', (folder) => eachTable(folder, (file) => fs.writeFileSync(file, flipped(fs.readFileSync(file))))],
    ['foreign', (folder) => eachTable(folder, (file) => fs.writeFileSync(file, 'something else'))],
    [
      'a folder',
      (folder) =>
        eachTable(folder, (file) => {
          fs.rmSync(file)
          fs.mkdirSync(file)
        }),
    ],
    [
      'below a file in the place of its folder',
      (folder) => {
        fs.rmSync(folder, { recursive: true })
        fs.writeFileSync(folder, '')
      },
    ],
  ])('a table in the cache that is %s is built anew', async (_, damage) => {
    const node = nodeWith(database())
    const settings = node.settings()
    const cache = path.join(node.folder, 'cache')
    const own = { ...settings, geoip: { ...settings.geoip, cache } }
    const log = pino({ level: 'silent' })
    await (await startApp(own, undefined, log)).stop(0)
    damage(cache)
    const app = await startApp(own, undefined, log)
    onTestFinished(() => app.stop(0))
    expect(app.tableRefused).toBeNull()
    expect((await get(app, china)).status).toBe(403)
  })
})

/** Where what was accepted last is written down. */
function ledgerOf({ folder }: ReturnType<typeof nodeWith>): string {
  const [name = ''] = fs.readdirSync(path.join(folder, 'geoip')).filter((each) => /^accepted-.*\.json$/.test(each))
  return path.join(folder, 'geoip', name)
}

describe('what is kept beside the data', { timeout: 60_000 }, () => {
  test('damaged word of what was accepted: nothing is taken for accepted until it is removed, which a running proxy notices', async () => {
    const node = nodeWith(database())
    await (await running(node)).app.stop(0)
    const ledger = ledgerOf(node)
    fs.truncateSync(ledger, 40)
    const { app, log, events } = await running(node)
    expect(app.table).toBeNull()
    expect(log()).toContain(
      `location data not taken: ${ledger}: damaged; remove it, and the data as it is now will be taken as the first; no location data is good`,
    )
    expect((await get(app, china)).body).toContain('could not be placed, since no location data is loaded')
    fs.rmSync(ledger)
    await expect.poll(() => app.table?.newestDate, { timeout: 30_000 }).toBe('2026-06-01')
    expect(app.tableRefused).toBeNull()
    expect((await get(app, china)).body).toContain('places places in China (CN)')
    const decided = (await events()).flatMap((event) => (event.type === 'decided' ? [event.table] : []))
    expect(decided).toEqual(['none', app.table?.hash])
    // Written anew, and so good for the next start.
    expect(JSON.parse(fs.readFileSync(ledger, 'utf8'))).toMatchObject({ key: app.table?.key })
  })

  test('a damaged list of downloaded editions: the last good data is used, loudly and told once, until it is removed', async () => {
    const node = nodeWith(database())
    const first = await running(node)
    const hash = first.app.table?.hash
    await first.app.stop(0)
    const editions = path.join(node.folder, 'geoip', 'editions.json')
    fs.writeFileSync(editions, '{"version":1,')
    const { app, log } = await running(node)
    expect(app.table?.hash).toBe(hash)
    expect(app.tableRefused).toBe(`${editions}: damaged; remove it to go on with the data as shipped`)
    expect((await get(app, china)).status).toBe(403)
    // At a look behind this one the list is read again.
    node.replace(database('DE', '2026-07-01'))
    fs.rmSync(editions)
    await expect.poll(() => app.table?.newestDate, { timeout: 30_000 }).toBe('2026-07-01')
    expect(app.tableRefused).toBeNull()
    expect(log().match(/editions\.json: damaged/g)).toHaveLength(1)
  })

  test('a damaged list of downloaded editions and no data that was ever good: blocked, or with when_no_table: exit not started', async () => {
    const node = nodeWith(database())
    fs.mkdirSync(path.join(node.folder, 'geoip'))
    fs.writeFileSync(path.join(node.folder, 'geoip', 'editions.json'), '{')
    const { app } = await running(node)
    expect((await get(app, china)).body).toContain('could not be placed, since no location data is loaded')
    const settings = node.settings()
    const strict = { ...settings, records: { ...settings.records, folder: path.join(node.folder, 'other') } }
    await expect(
      startApp({ ...strict, geoip: { ...strict.geoip, whenNoTable: 'exit' } }, undefined, pino({ level: 'silent' })),
    ).rejects.toThrow('editions.json: damaged; remove it')
  })
})

function eachTable(folder: string, work: (file: string) => void): void {
  const tables = fs.readdirSync(folder).filter((name) => name.endsWith('.bin'))
  expect(tables).toHaveLength(1)
  for (const name of tables) work(path.join(folder, name))
}

describe('while it runs', { timeout: 60_000 }, () => {
  test.each(bad)('a file that becomes %s is refused, and the old data stays', async (_, bytes, why) => {
    const node = nodeWith(database())
    const { app, log, events } = await running(node)
    const hash = app.table?.hash
    node.replace(bytes)
    await expect.poll(log, { timeout: 30_000 }).toMatch(/location data not taken: .*; what is in force stays/)
    expect(log()).toMatch(why)
    expect((await get(app, china)).status).toBe(403)
    expect((await events()).flatMap((event) => (event.type === 'decided' ? [event.table] : []))).toEqual([hash])
  })

  test('an older edition, and one that moves a forbidden territory, are refused; a newer one is taken for the flows that come', async () => {
    const node = nodeWith(database())
    const { app, log, events } = await running(node)
    const old = app.table?.hash
    node.replace(database('DE', '2026-05-01'))
    await expect.poll(log, { timeout: 30_000 }).toContain('places: its data is of 2026-05-01, older than that of 2026-06-01')
    node.replace(
      mmdb({
        networks: [
          ['52.81.0.0/16', { country_code: 'US' }],
          ['8.8.8.0/24', { country_code: 'US' }],
        ],
        built: '2026-07-01',
      }),
    )
    await expect.poll(log, { timeout: 30_000 }).toMatch(/100 % of the IPv4 space that the policy forbids/)
    await get(app, china)
    node.replace(database('DE', '2026-07-01'))
    await expect.poll(log, { timeout: 30_000 }).toContain('location data replaced: places of 2026-07-01')
    const fresh = app.table?.hash
    expect(fresh).not.toBe(old)
    await get(app, china)
    const all = await events()
    expect(all.flatMap((event) => (event.type === 'decided' ? [event.table] : []))).toEqual([old, fresh])
    const announced = all.find((event) => event.type === 'table' && event.hash === fresh)
    const named = all.find((event) => event.type === 'decided' && event.table === fresh)
    expect(announced?.seq).toBeLessThan(named?.seq ?? 0)
  })

  test('a file that is written in place is refused while it is half there, and taken when it is whole', async () => {
    const node = nodeWith(database())
    const { app, log } = await running(node)
    const fresh = database('DE', '2026-07-01')
    const file = path.join(node.folder, 'places.mmdb')
    fs.writeFileSync(file, fresh.subarray(0, 300))
    await expect.poll(log, { timeout: 30_000 }).toMatch(/location data not taken: .*places\.mmdb: .*; what is in force stays/)
    expect(app.table?.newestDate).toBe('2026-06-01')
    fs.appendFileSync(file, fresh.subarray(300))
    await expect.poll(() => app.table?.newestDate, { timeout: 30_000 }).toBe('2026-07-01')
    expect(app.tableRefused).toBeNull()
  })

  test('a tunnel that is open while the data is replaced goes on, and its record names the data that it was judged by', async () => {
    const node = nodeWith(database())
    const echo = await echoing()
    const { app, events } = await running(node)
    const old = app.table?.hash
    const tunnel = await tunnelTo(app, `127.0.0.1:${echo}`)
    expect(await tunnel.say('before')).toBe('before')
    node.replace(database('DE', '2026-07-01'))
    await expect.poll(() => app.table?.newestDate, { timeout: 30_000 }).toBe('2026-07-01')
    expect(await tunnel.say('after')).toBe('after')
    await tunnel.end()
    await app.stop(1_000)
    const told = (await events()).flatMap((event) =>
      event.type === 'decided' || event.type === 'table' ? [event.type === 'table' ? event.hash : event.table] : [],
    )
    expect(told).toEqual([old, old, app.table?.hash])
    expect((await events()).findLast(({ type }) => type === 'ended')).toMatchObject({ ending: 'completed', up: 11, down: 11 })
  })

  test('a file that is replaced a hundred times a second loses no flow, and each record names a table that was announced', async () => {
    const node = nodeWith(database())
    const port = await origin()
    const { app, log, events } = await running(node)
    const codes = ['US', 'DE', 'FR', 'IT', 'ES']
    const answers: { readonly status: number }[] = []
    let asking = true
    const ask = async (url: string) => {
      while (asking) answers.push(await get(app, url))
    }
    const clients = [ask(`http://127.0.0.1:${port}/`), ask(china), ask(`http://127.0.0.1:${port}/x`)]
    await new Promise<void>((resolve) => {
      let n = 0
      const timer = setInterval(() => {
        node.replace(database(codes[n % codes.length], `2026-07-${String(1 + Math.floor(n / 20)).padStart(2, '0')}`))
        if (++n < 400) return
        clearInterval(timer)
        resolve()
      }, 10)
    })
    // The last content comes into force.
    await expect.poll(() => app.table?.newestDate, { timeout: 20_000 }).toBe('2026-07-20')
    asking = false
    await Promise.all(clients)
    expect(answers.length).toBeGreaterThan(50)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 403]))
    const all = await events()
    const announced = new Set<string>()
    let decided = 0
    for (const event of all) {
      if (event.type === 'table') announced.add(event.hash)
      if (event.type !== 'decided') continue
      decided++
      expect(announced).toContain(event.table)
    }
    expect(decided).toBe(answers.length)
    expect(announced.size).toBeGreaterThan(1)
    // A build for each look at most, however often the file changed.
    expect(announced.size).toBeLessThan(20)
    expect(log()).not.toMatch(/unexpected failure/)
  }, 60_000)
})
