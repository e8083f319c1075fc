import path from 'node:path'
import { expect, test } from 'vitest'
import { banner, typedName } from '../../src/cli/banner.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/settings.ts'
import { parseIp } from '../../src/model/address.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { version } from '../../src/version.ts'
import { expectScreen, folderWith } from './screen.ts'

const uncertain = 'uncertain: { disputed: block, unknown: block, anycast: allow }\n'
const observe = compilePolicy('version: 1\nmode: observe\n', 'observe.yaml', 'observe')
const fences = 'fences: [{ name: no-cn, never: [CN] }, { name: no-ru, never: [RU] }]\n'
const enforce = compilePolicy(`version: 1\nmode: enforce\n${uncertain}${fences}`, 'ours.yaml', '/etc/ringfence/ours.yaml')
const judge = compilePolicy(`version: 1\nmode: observe\n${uncertain}fences: [{ name: no-cn, never: [CN] }]\n`, 'no-cn.yaml', 'no-cn')

const source = (name: string, date: string, attribution: string | null) => ({
  name,
  role: 'voter' as const,
  date,
  sha256: '0'.repeat(64),
  licence: null,
  attribution,
  coverage: { v4: 0, v6: 0 },
})

const table = {
  sources: [source('DB-IP Lite', '2026-06-01', 'IP Geolocation by DB-IP, https://db-ip.com'), source('Ours', '2026-06-17', null)],
}

const selfTest = { ran: 0, known: 0, failed: [], tests: { ran: 0, failed: [] }, notCovered: [], located: true }

const page = { kind: 'open', at: { host: parseIp('127.0.0.1')!, port: 8081 } } as const

const doorAt = (host: string, port: number, name = 'mixed') => ({ name, bound: { host: parseIp(host)!, port } })
const settingsOf = (file: string | null): Parameters<typeof banner>[1] => ({
  file,
  inbounds: loadSettings().inbounds,
  upstream: [],
  records: { folder: '/var/lib/ringfence/flows', whenDiskFull: 'block' },
})

/** Of doors of the settings as they are written, beside a file of users. */
const inboundsOf = (...doors: readonly string[]): Settings['inbounds'] => {
  const written = doors.map((door) => door.replace('{', '{ type: mixed, '))
  const yaml = `users: users.yaml\ninbounds:\n${written.map((door) => `  - ${door}\n`).join('')}`
  return loadSettings({ config: `${folderWith({ 'ringfence.yaml': yaml })}/ringfence.yaml` }).inbounds
}

/** The lines to be typed, of doors that listen as they are written. */
const examplesOf = (...written: readonly string[]) => {
  const inbounds = inboundsOf(...written)
  const doors = inbounds.map(({ name, listen }) => ({ name, bound: listen }))
  return banner({ selfTest, page, policy: observe, table, doors }, { ...settingsOf(null), inbounds }, summer)
}

const summer = { now: Date.UTC(2026, 6, 1), command: 'npx ringfence' }

/** The version would change every screen. */
const shown = (...args: Parameters<typeof banner>) => banner(...args).replace(`Ringfence ${version}`, 'Ringfence x.y.z')

test('nothing but the defaults', () => {
  expectScreen(
    'banner-defaults',
    shown({ selfTest, page, policy: observe, table, doors: [doorAt('127.0.0.1', 8080)] }, settingsOf(null), summer),
  )
})

test('settings from a file, two doors, an enforcing policy, old data', () => {
  const doors = [doorAt('0.0.0.0', 3128, 'office'), doorAt('::1', 8080, 'here')]
  const inbounds = inboundsOf(
    '{ name: office, listen: "0.0.0.0:3128", clients: [10.0.0.0/8], login: none }',
    '{ name: here, listen: "[::1]:8080", login: none }',
  )
  const winter = { now: Date.UTC(2026, 10, 25), command: 'ringfence' }
  expectScreen(
    'banner-office',
    shown({ selfTest, page, policy: enforce, table, doors }, { ...settingsOf('/srv/my office/ringfence.yaml'), inbounds }, winter),
  )
})

test('a policy that only judges', () => {
  expectScreen(
    'banner-judges',
    shown({ selfTest, page, policy: judge, table, doors: [doorAt('10.0.0.1', 8080)] }, settingsOf(null), summer),
  )
})

test('proxies that everything goes through, in their order, and none of their logins', () => {
  const server = { host: parseIp('10.0.0.1')!, port: 1080 }
  const upstream: Settings['upstream'] = [
    { type: 'socks5', server, login: { name: 'anna', password: { env: 'PASSWORD' } }, tls: null },
    {
      type: 'http',
      server: { host: parseIp('2001:db8::1')!, port: 3129 },
      login: null,
      tls: { host: { kind: 'ip', ip: server.host }, ca: null },
    },
  ]
  expectScreen(
    'banner-upstream',
    shown({ selfTest, page, policy: enforce, table, doors: [doorAt('127.0.0.1', 8080)] }, { ...settingsOf(null), upstream }, summer),
  )
})

test('what is old is said, from the 121st day', () => {
  const on = (day: number) =>
    banner({ selfTest, page, policy: observe, table, doors: [doorAt('127.0.0.1', 8080)] }, settingsOf(null), {
      now: Date.parse('2026-06-01') + day * 86_400_000,
      command: 'ringfence',
    })
  expect(on(120)).not.toContain('days old')
  expect(on(121)).toContain('(121 days old: some addresses have moved since)')
})

test('nobody is told to dial 0.0.0.0', () => {
  const text = banner({ selfTest, page, policy: observe, table, doors: [doorAt('0.0.0.0', 8080)] }, settingsOf(null), summer)
  expect(text).toContain('curl -x http://ADDRESS-OF-THIS-MACHINE:8080 ')
})

test('the commands go to the settings that are in force', () => {
  const text = banner(
    { selfTest, page, policy: observe, table, doors: [doorAt('127.0.0.1', 8080)] },
    settingsOf('/etc/ringfence/ringfence.yaml'),
    summer,
  )
  expect(text).toContain('npx ringfence flows --follow --config /etc/ringfence/ringfence.yaml\n')
  expect(text).toContain('npx ringfence --policy no-cn --config /etc/ringfence/ringfence.yaml ')
})

test('it is typed "ringfence" where a shell finds that, else "npx ringfence"', () => {
  const folder = folderWith({ [process.platform === 'win32' ? 'ringfence.cmd' : 'ringfence']: '' })
  const pathOf = (...folders: string[]) => ({ PATH: folders.join(path.delimiter) })
  expect(typedName(pathOf('/nowhere', folder))).toBe('ringfence')
  expect(typedName(pathOf('/nowhere', ''))).toBe('npx ringfence')
  expect(typedName({})).toBe('npx ringfence')
})

test('what npm puts on the PATH while it runs us is not on the reader’s', () => {
  const bin = path.join(import.meta.dirname, '..', '..', 'node_modules', '.bin')
  expect(typedName({ PATH: bin })).toBe('npx ringfence')
})

test('that records are optional is said', () => {
  const settings = { ...settingsOf(null), records: { folder: '/var/lib/ringfence/flows', whenDiskFull: 'continue' } } as const
  const text = banner({ selfTest, page, policy: observe, table, doors: [doorAt('127.0.0.1', 8080)] }, settings, summer)
  expect(text).toContain('  records   /var/lib/ringfence/flows (optional: when_disk_full is continue)\n')
})

test('no policy is said to block nothing: some destinations are refused under every one', () => {
  const open = compilePolicy('version: 1\nmode: enforce\n', 'open.yaml', 'open')
  const texts = [observe, judge, open].map((policy) =>
    banner({ selfTest, page, policy, table, doors: [doorAt('127.0.0.1', 8080)] }, settingsOf(null), summer),
  )
  for (const text of texts) expect(text).not.toContain('blocks nothing')
  expect(texts[0]).toContain('  policy    observe: records where connections go; no fence blocks\n')
  expect(texts[2]).toContain('  policy    open: has no fences\n')
})

test('where people log in, what they are to type says so', () => {
  const text = examplesOf('{ listen: "127.0.0.1:8080" }')
  expect(text).toContain('listens on 127.0.0.1:8080 (HTTP proxy, SOCKS5)\n')
  expect(text).toContain('curl -x http://USER:PASSWORD@127.0.0.1:8080 http://example.com/')
  expect(text).toContain('chromium --proxy-server=http://127.0.0.1:8080\n')
})

test('without a page it says why, unless it was turned off', () => {
  const running = { policy: observe, table, selfTest, doors: [doorAt('127.0.0.1', 8080)] }
  expect(banner({ ...running, page: { ...page, kind: 'taken', by: 'the door "here"' } }, settingsOf(null), summer)).toContain(
    '\n  page      none: the door "here" listens on 127.0.0.1:8081 (web.listen in the settings moves the page)\n',
  )
  expect(banner({ ...running, page: { kind: 'off' } }, settingsOf(null), summer)).not.toContain('  page ')
})

test('a door that speaks TLS is reached by https', () => {
  const settings = settingsOf(null)
  const tls = { certificate: 'door.pem', key: 'door.key', clients: null }
  const inbounds: Settings['inbounds'] = [{ ...settings.inbounds[0], tls }]
  const screen = shown({ selfTest, page, policy: observe, table, doors: [doorAt('127.0.0.1', 8080)] }, { ...settings, inbounds }, summer)
  expect(screen).toContain('curl -x https://127.0.0.1:8080 http://example.com/')
  expect(screen).toContain('--proxy-server=https://127.0.0.1:8080')
  expect(screen).not.toContain('socks5h://')
})

const tls = 'tls: { certificate: door.crt, key: door.key }'

test('address, scheme, login and what is spoken are all of one door, the nearest', () => {
  const text = examplesOf(`{ name: office, listen: "10.20.0.1:8080", ${tls} }`, '{ name: here, listen: "127.0.0.1:8081", login: none }')
  expect(text).toContain('listens on 10.20.0.1:8080 (HTTP proxy, SOCKS5, in TLS), 127.0.0.1:8081 (HTTP proxy, SOCKS5, SOCKS4)\n')
  expect(text).toContain('curl -x http://127.0.0.1:8081 http://example.com/\n')
  expect(text).toContain('export http_proxy=http://127.0.0.1:8081 https_proxy=http://127.0.0.1:8081 ALL_PROXY=socks5h://127.0.0.1:8081\n')
})

test('where every door speaks TLS, no SOCKS is shown, for which no program has TLS', () => {
  const text = examplesOf(`{ listen: "10.20.0.1:8080", ${tls} }`)
  expect(text).toContain('curl -x https://USER:PASSWORD@10.20.0.1:8080 ')
  expect(text).toContain('https_proxy=https://USER:PASSWORD@10.20.0.1:8080\n')
})

test('where clients show certificates, so does the reader', () => {
  const text = examplesOf('{ listen: "127.0.0.1:1", login: certificate, tls: { certificate: a.crt, key: a.key, clients: ca.pem } }')
  expect(text).toContain('curl --proxy-cert CERTIFICATE --proxy-key KEY -x https://127.0.0.1:1 ')
})

test('a door that waits for a load balancer’s header is not shown as one to dial', () => {
  const balanced = '{ name: farm, listen: "127.0.0.1:1", login: none, clients: [10.0.0.0/8], proxy_protocol: { from: [127.0.0.1] } }'
  expect(examplesOf(balanced)).toContain('curl -x http://LOAD-BALANCER:PORT ')
  expect(examplesOf(balanced, '{ name: own, listen: "10.0.0.1:2" }')).toContain('curl -x http://USER:PASSWORD@10.0.0.1:2 ')
})
