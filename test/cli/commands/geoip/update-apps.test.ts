import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openOwnRoad } from '../../../../src/cli/commands/geoip/own-road.ts'
import { isFetched, updateApps } from '../../../../src/cli/commands/geoip/update-apps.ts'
import { appRangesFile, readAppRanges, writeAppRanges } from '../../../../src/config/app-ranges-store.ts'
import { createFetch } from '../../../../src/egress/fetch.ts'
import { formatCidr } from '../../../../src/model/cidr.ts'
import type { FlowRecord } from '../../../../src/records/record.ts'
import { readRecords } from '../../../../src/records/store.ts'
import { appRow, appsIn, catalogueOf } from '../../../config/made-up-apps.ts'
import { type Answering, answerStatus, certificate, misbehave, serveFile } from '../../../support/misbehaving-server.ts'
import { startNameServer } from '../../../support/name-server.ts'
import { node } from './node.ts'

const NOW = Date.UTC(2026, 10, 25, 10)

/** Every app of the catalogue has this list: three networks. */
const known = '170.114.0.0/16 170.115.0.0/16 2407:30c0::/32'

const row = (id: string, url: string, format = 'lines') =>
  appRow(id, { ranges: `{ from: a page, date: 2026-06-06, fetch: { url: "${url}", format: ${format} }, networks: ${known} }` })

/** A vendor on loopback with a certificate for `updates.test`, and a name server that knows it and one host in China. */
async function vendor(...answers: readonly Answering[]) {
  const server = await misbehave(answers.length === 0 ? answerStatus(404) : answers, 'tls')
  const names = await startNameServer({ zone: { 'updates.test': { A: ['127.0.0.1'] }, 'china.test': { A: ['52.81.151.250'] } } })
  onTestFinished(() => names.close())
  const one = node()
  one.replace(
    'ringfence.yaml',
    `
policy: policy.yaml
geoip: { folder: geoip, sources: [{ type: mmdb, path: one.mmdb, role: voter, name: One }] }
resolver: { servers: ["udp://127.0.0.1:${names.port}"], local_names: [updates.test] }
records: { folder: flows }
`,
  )
  const folder = path.join(one.folder, 'geoip')
  return {
    server,
    folder,
    url: `https://updates.test:${server.port}/list`,
    /** Updates these rows; what is shown, whether all was well, and what the node now keeps. */
    async update(...rows: readonly string[]) {
      const world = await one.world()
      const { table } = await world.open()
      const own = await openOwnRoad(world, table, (line) => expect.fail(line))
      const fetch = createFetch(own.road, { ca: [certificate.cert] })
      let shown = ''
      const apps = [...appsIn(catalogueOf(...rows)).facts.values()].filter(isFetched)
      const update = { fetch, signal: new AbortController().signal, folder, now: () => NOW, wait: async () => undefined }
      const write = async (text: string) => {
        shown += text
      }
      const done = await updateApps(apps, update, { write }).finally(() => own.close())
      const records: FlowRecord[] = []
      for await (const record of readRecords(own.records)) records.push(record)
      return { shown, done, records, kept: readAppRanges(folder) }
    },
  }
}

const list = (...networks: readonly string[]) => serveFile(Buffer.from(`${networks.join('\n')}\n`))

test('a changed list is counted, kept with where and when, and fetched over the road', async () => {
  const { update, url } = await vendor(list('170.114.0.0/16', '170.115.0.0/16', '8.5.128.0/24', '8.5.129.0/24'))
  const { shown, done, kept, records } = await update(row('shout', url), appRow('whisper'))
  expect(shown).toBe(
    'Address ranges of apps:\n  shout: 2 networks added, 1 removed\nA running proxy takes what changed at its next start.\n',
  )
  expect(done).toBe(true)
  expect(kept).toEqual({
    shout: { url, fetched: '2026-11-25T10:00:00.000Z', sha256: expect.stringMatching(/^[0-9a-f]{64}$/), networks: expect.anything() },
  })
  expect(kept.shout?.networks.map(formatCidr)).toEqual(['170.114.0.0/16', '170.115.0.0/16', '8.5.128.0/24', '8.5.129.0/24'])
  expect(records.map(({ asked, inbound, verdict }) => ({ asked, inbound, verdict }))).toEqual([
    { asked: 'updates.test', inbound: 'update', verdict: 'allow' },
  ])
})

test.each([
  [[...known.split(' ')].reverse(), 'unchanged (3 networks)'],
  [[...known.split(' '), '8.5.128.0/24'], '1 network added'],
  [known.split(' ').slice(1), '1 network removed'],
])('%j: %s', async (networks, told) => {
  const { update, url } = await vendor(list(...networks))
  const { shown, done, kept } = await update(row('shout', url))
  expect(shown.split('\n')[1]).toBe(`  shout: ${told}`)
  expect(done).toBe(true)
  expect(shown.includes('next start')).toBe(!told.startsWith('unchanged'))
  expect(kept.shout?.networks).toHaveLength(networks.length)
})

test('the endpoints of Microsoft', async () => {
  const endpoints = [{ serviceArea: 'Skype', ips: [...known.split(' '), '52.112.0.0/14'] }, { serviceArea: 'Common' }]
  const { update, url, server } = await vendor(serveFile(Buffer.from(JSON.stringify(endpoints))))
  expect((await update(row('shout', `${url}?clientrequestid=x`, 'microsoft'))).shown).toContain('  shout: 1 network added\n')
  expect(server.asked.map((asked) => asked.path)).toEqual(['/list?clientrequestid=x'])
})

test('one that can’t be had or is refused leaves what was in force, and the others are tried all the same', async () => {
  const answers = [
    answerStatus(404),
    list('8.5.128.0/24', 'nonsense'),
    list('8.0.0.0/5', '9.9.9.0/24'),
    serveFile(Buffer.alloc(1_100_000, 'x')),
  ]
  const { update, url, folder } = await vendor(...answers, list(...known.split(' ')))
  const before = { url, fetched: '2026-11-01T00:00:00.000Z', sha256: '0'.repeat(64), networks: [{ ip: '9.9.9.9', family: 4, bits: 32 }] }
  await writeAppRanges(folder, { gone: before as never })
  const ids = ['gone', 'faulty', 'wide', 'large', 'fine']
  const { shown, done, kept } = await update(...ids.map((id) => row(id, url)), row('china', 'https://china.test/list'))
  expect(shown.split('\n').slice(1)).toEqual([
    '  gone: not updated: the list of gone: updates.test answered 404: there is no such file',
    '  faulty: refused: line 2: "nonsense" is not a network (write 10.0.0.0/8 or 2001:db8::/32)',
    '  wide: refused: implausible: 8.0.0.0/5 is more than an app has',
    '  large: not updated: the list of large: updates.test sends more than the 1 MiB that it may have',
    '  fine: unchanged (3 networks)',
    expect.stringMatching(/^ {2}china: not updated: the list of china: .*china\.test.*fence "no-cn" lets nothing reach it/),
    '',
  ])
  expect(done).toBe(false)
  expect(Object.keys(kept)).toEqual(['gone', 'fine'])
  expect(kept.gone).toEqual(before)
})

test('a list that lost two thirds is implausible', async () => {
  const { update, url } = await vendor(list('170.114.0.0/16'))
  const more = Array.from({ length: 4 }, (_, i) => `8.5.${i}.0/24`).join(' ')
  const { shown, kept } = await update(row('shout', url).replace(known, more))
  expect(shown).toBe('Address ranges of apps:\n  shout: refused: implausible: 1 of 4 networks, less than a third of those known before\n')
  expect(kept).toEqual({})
})

test('a damaged file is replaced', async () => {
  const { update, url, folder } = await vendor(list(...known.split(' ')))
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(appRangesFile(folder), 'damaged')
  expect(Object.keys((await update(row('shout', url))).kept)).toEqual(['shout'])
})
