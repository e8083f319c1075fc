/** What the running proxy does with replaced data; whole, with real files, test/integration/location.test.ts shows it. */
import fs from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '../../src/app.ts'
import { loadSettings } from '../../src/config/load.ts'
import { startCanaries } from '../../src/config/watch-tables.ts'
import { folderWith } from '../cli/screen.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { eventually } from '../support/proxy-under-test.ts'

const places = (code: string, built: string) => mmdb({ networks: [['8.8.8.0/24', { country_code: code }]], built })

async function node(tests: string) {
  const folder = folderWith({
    'places.mmdb': places('US', '2026-06-01'),
    'policy.yaml': `version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: allow, anycast: allow }\nfences: [{ name: home, only: [US] }]\n${tests}`,
    'ringfence.yaml':
      'policy: ./policy.yaml\ninbounds: [{ type: mixed, listen: "127.0.0.1:0" }]\nweb: { listen: off }\ngeoip: { folder: geoip, sources: [{ type: mmdb, path: places.mmdb, role: voter, name: places }] }\nrecords: { folder: flows }\n',
  })
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const app = await startApp(loadSettings({ config: path.join(folder, 'ringfence.yaml') }), undefined, log)
  onTestFinished(() => app.stop(0))
  const replace = (code: string, built: string) => {
    fs.writeFileSync(path.join(folder, 'part'), places(code, built))
    fs.renameSync(path.join(folder, 'part'), path.join(folder, 'places.mmdb'))
  }
  return { app, lines, replace }
}

test('data on which a test of the policy newly fails is refused, and the old data stays', async () => {
  const { app, lines, replace } = await node('tests: [{ to: "8.8.8.8:443", expect: allow }]\n')
  const before = app.table?.hash
  replace('DE', '2026-06-02')
  await eventually('the refusal', () => app.tableRefused !== null)
  expect(app.tableRefused).toMatch(/^on this data policy .*: 1 of 1 tests fails: .*8\.8\.8\.8:443: expected allow, got block$/)
  expect(app.table?.hash).toBe(before)
  expect(lines.at(-1)).toMatch(/^location data not taken: on this data policy .*; what is in force stays$/)
  replace('US', '2026-06-03')
  await eventually('the next data', () => app.tableRefused === null && app.table?.hash !== before)
})

test('data on which all is as it was is taken', async () => {
  const { app, replace } = await node('tests: [{ to: "8.8.8.8:443", expect: allow }]\n')
  const before = app.table?.hash
  replace('US', '2026-06-02')
  await eventually('the swap', () => app.table?.hash !== before)
  expect(app.tableRefused).toBeNull()
})

test('canaries that could not run are told, and leave what was known', async () => {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const sound = { ran: 1, known: 1, failed: [], tests: { ran: 0, failed: [] }, notCovered: [], located: true }
  let works = true
  const canaries = await startCanaries(async () => {
    if (!works) throw new Error('no')
    return sound
  }, log)
  works = false
  await canaries.run()
  canaries.stop()
  expect(canaries.latest()).toBe(sound)
  expect(lines.at(-1)).toBe('the self-test could not run')
})
