import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { appsCommand } from '../../../src/cli/commands/apps.ts'
import { writeAppRanges } from '../../../src/config/app-ranges-store.ts'
import { loadApps } from '../../../src/config/apps.ts'
import { loadCompanies } from '../../../src/config/companies.ts'
import { cidr } from '../../../src/model/cidr.ts'
import { folderWith, ran } from '../screen.ts'

const shipped = loadApps(loadCompanies())

const apps = (...args: readonly string[]) => ran((out) => appsCommand(() => out), args)

test('without a name, a row for each app: its home, whether that is contested, and what it is told by', async () => {
  const { shown, code } = await apps()
  const [head = '', ...rows] = shown.trimEnd().split('\n')
  expect(code).toBe(0)
  expect(head.split(/ {2,}/)).toEqual(['app', 'name', 'categories', 'home', 'company', 'domains', 'ranges', 'confidence'])
  expect(rows.map((row) => row.split(' ')[0])).toEqual([...shipped.apps.keys()])
  const cells = (id: string) => rows.find((row) => row.startsWith(`${id} `))?.split(/ {2,}/)
  const zoom = shipped.find('zoom')
  expect(cells('zoom')).toEqual([
    ...['zoom', 'Zoom', 'video-conferencing, calls', 'US', 'Zoom', String(zoom?.domains.length)],
    `${zoom?.ranges?.networks.length} of ${zoom?.ranges?.date}`,
    'high',
  ])
  expect(cells('tiktok')?.slice(3, 5)).toEqual(['CN, contested', 'ByteDance'])
})

test('with one, everything that is known, and who contests the home', async () => {
  const { shown, code } = await apps('telegram')
  expect(code).toBe(0)
  for (const part of [
    'Telegram\n\nid          telegram\n',
    'company     Telegram, at home in United Arab Emirates (AE)\n',
    'contested   Incorporated in the British Virgin Islands',
    'operator    Telegram Messenger Inc. (VG)\n',
    '  .t.me  ',
    '  149.154.160.0/20  ',
    'as of 2024-10-21\n',
    'confidence  high\n',
    'https://github.com/v2fly/domain-list-community',
  ]) {
    expect(shown).toContain(part)
  }
})

test.each([
  ['feishu', 'Lark / Feishu'],
  ['TikTok', 'TikTok'],
  ['Microsoft Teams', 'Microsoft Teams'],
  ['microsoft-teams', 'Microsoft Teams'],
])('%s is found', async (word, name) => {
  const { shown, code } = await apps(word)
  expect([shown.split('\n')[0], code]).toEqual([name, 0])
})

test('an app that is not there is an error with a hint', async () => {
  expect(await apps('whatsap')).toEqual({
    shown: '',
    code: 2,
    error: 'apps: "whatsap" is no app of the catalogue, did you mean "whatsapp"?',
  })
  expect((await apps('\u001b[2Jnobody', '--json')).error).toBe(
    'apps: "\\u001b[2Jnobody" is no app of the catalogue ("ringfence apps" lists them)',
  )
})

test('--json: a line for each app, by the words of the file', async () => {
  const lines = (await apps('--json')).shown.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([...shipped.apps.keys()])
  const [only = '', ...more] = (await apps('uc-news', '--json')).shown.trimEnd().split('\n')
  expect(more).toEqual([])
  expect(JSON.parse(only)).toMatchObject({
    id: 'uc-news',
    company: { name: 'Alibaba Group', home: 'CN', contested: null },
    together_with: ['uc-browser'],
    domains: expect.arrayContaining(['.ucweb.com']),
    ranges: null,
    ports: { tcp: [], udp: [] },
    blocked_by_india_2020: true,
  })
  const zoom = JSON.parse((await apps('zoom', '--json')).shown)
  expect(zoom.ranges).toMatchObject({ date: '2026-06-06', networks: expect.arrayContaining(['170.114.0.0/16', '2407:30c0::/32']) })
  expect(zoom.ports.udp).toEqual(['3478', '3479', '8801-8810'])
})

test('ranges that the node of --config fetched are shown, with where from and when', async () => {
  const folder = folderWith({ 'ringfence.yaml': 'geoip: { folder: geoip }\n' })
  const url = 'https://assets.zoom.us/docs/ipranges/Zoom.txt'
  const networks = [cidr('8.5.128.0/24')]
  await writeAppRanges(path.join(folder, 'geoip'), {
    zoom: { url, fetched: '2027-01-02T10:07:33.000Z', sha256: 'ab'.repeat(32), networks },
  })
  const config = ['--config', path.join(folder, 'ringfence.yaml')]
  expect((await apps('zoom', ...config)).shown).toContain(
    `ranges      8.5.128.0/24\n            published at ${url}, fetched by this node on 2027-01-02 10:07 UTC\n`,
  )
  expect((await apps(...config)).shown).toMatch(/^zoom .* 1 of 2027-01-02 /m)
  expect(JSON.parse((await apps('zoom', '--json', ...config)).shown).ranges).toEqual({
    from: url,
    date: '2027-01-02',
    networks: ['8.5.128.0/24'],
    fetch: { url, format: 'lines' },
    fetched: '2027-01-02T10:07:33.000Z',
  })
  expect((await apps('zoom')).shown).toContain('as of 2026-06-06\n')
})

test('with settings that nobody named and that have faults, what comes with the program is shown, and that is told', async () => {
  const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const folder = folderWith({ 'ringfence.yaml': 'nonsense: 1\n' })
  const before = process.cwd()
  process.chdir(folder)
  try {
    expect((await apps('zoom')).shown).toContain('as of 2026-06-06\n')
  } finally {
    process.chdir(before)
  }
  expect(told.mock.calls.join('')).toMatch(/^ringfence\.yaml:1:1.*\nThe address ranges that come with the program are shown\.\n$/)
  await expect(apps('zoom', '--config', path.join(folder, 'ringfence.yaml'))).rejects.toThrow(/nonsense/)
})
