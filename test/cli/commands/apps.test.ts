import { expect, test } from 'vitest'
import { appsCommand } from '../../../src/cli/commands/apps.ts'
import { loadApps } from '../../../src/config/apps.ts'
import { loadCompanies } from '../../../src/config/companies.ts'
import { ran } from '../screen.ts'

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
