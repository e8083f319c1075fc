/** What a person reads first: where the proxy listens, what is in force, how old the data is, and what to type next. */
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { App } from '../app.ts'
import type { Settings } from '../config/settings.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { scopeOf } from '../model/scope.ts'
import { isSound, selfTestSentence } from '../pipeline/self-test.ts'
import type { Policy } from '../policy/policy.ts'
import { version } from '../version.ts'

type Data = Pick<NonNullable<App['table']>, 'sources'>

type Running = Pick<App, 'policy' | 'doors' | 'selfTest' | 'page'> & { readonly table: Data | null }

export interface BannerContext {
  readonly now: number
  /** How this program is called in a shell: `typedName`. */
  readonly command: string
}

const DAY_MS = 86_400_000
/** Measured: three months move 0.5 % of addresses, eight 1.1 %. */
const OLD_DAYS = 120

export function banner(
  { policy, table, doors, selfTest, page }: Running,
  settings: Pick<Settings, 'file' | 'records' | 'users' | 'inbounds' | 'upstream'>,
  { now, command }: BannerContext,
): string {
  const login = settings.users === null ? '' : 'USER:PASSWORD@'
  const door = reachableAt(doors.map(({ bound }) => bound))
  const at = `${login}${door}`
  const attributions = [...new Set((table?.sources ?? []).flatMap(({ attribution }) => attribution ?? []))].map(
    (line) => `  ${line}
`,
  )
  const optional = settings.records.whenDiskFull === 'continue' ? ' (optional: when_disk_full is continue)' : ''
  const inClear = settings.inbounds[0].tls === null
  const scheme = inClear ? 'http' : 'https'
  const config = settings.file === null ? '' : ` --config ${quoted(resolve(settings.file))}`
  return `
Ringfence ${version} listens on ${doors.map(({ bound }) => formatEndpoint(bound)).join(', ')} (HTTP proxy, SOCKS5, SOCKS4)

  policy    ${policy.name}: ${whatItDoes(policy)}
  location  ${table === null ? 'NONE IS GOOD: whatever needs a country is blocked; see the log' : locationLine(table, now)}
${isSound(selfTest) ? '' : `  ATTENTION ${selfTestSentence(selfTest)}\n`}  records   ${settings.records.folder}${optional}
  settings  ${settings.file ?? 'defaults (no ringfence.yaml here or in /etc/ringfence)'}
${upstreamLine(settings.upstream)}${pageLine(page)}
Try it         curl -x ${scheme}://${at} http://example.com/
A browser      chromium --proxy-server=${scheme}://${door}
Another shell  export http_proxy=${scheme}://${at} https_proxy=${scheme}://${at}${inClear ? ` ALL_PROXY=socks5h://${at}` : ''}
Anything else  ${command} setup${config}
What happened  ${command} flows --follow${config}
${policy.fences.length === 0 ? `A fence        ${command} --policy no-cn${config}    (stop this one first: Ctrl-C)\n` : ''}
${attributions.join('')}
`
}

/** In the order in which they are tried. Without one there is nothing to say. */
function upstreamLine(upstreams: Settings['upstream']): string {
  if (upstreams.length === 0) return ''
  const listed = upstreams.map(({ type, server, tls }) => `${type} ${formatEndpoint(server)}${tls === null ? '' : ' in TLS'}`)
  return `  upstream  everything goes through ${listed.join(', else ')}; UDP is refused\n`
}

/** Who turned it off knows that it is off. */
function pageLine(page: App['page']): string {
  switch (page.kind) {
    case 'open':
      return `  page      http://${formatEndpoint(page.at)}/, with the PAC at /proxy.pac\n`
    case 'taken':
      return `  page      none: something else listens on ${formatEndpoint(page.at)} (web.listen in the settings)\n`
    case 'off':
      return ''
    default:
      return page satisfies never
  }
}

/** The voters by name; the rest by number: `geoip status` lists them all. */
function locationLine({ sources }: Data, now: number): string {
  const voters = sources.filter(({ role }) => role === 'voter')
  const others = sources.length - voters.length
  const age = Math.max(0, ...voters.map(({ date }) => (date === null ? 0 : Math.floor((now - Date.parse(date)) / DAY_MS))))
  const listed = voters.map(({ name, date }) => (date === null ? name : `${name} of ${date}`)).join(', ')
  return `${listed}${others === 0 ? '' : ` and ${others} more`}${age > OLD_DAYS ? ` (${age} days old: some addresses have moved since)` : ''}`
}

/** Of fences alone: metadata services, denied ports and local answers to public names are refused under every policy. */
function whatItDoes({ mode, fences }: Policy): string {
  const count = fences.length === 1 ? '1 fence' : `${fences.length} fences`
  if (mode === 'enforce') return fences.length === 0 ? 'has no fences' : `enforces ${count}`
  return fences.length === 0 ? 'records where connections go; no fence blocks' : `judges by ${count} and records; no fence blocks`
}

/** The door that the reader can try: one on loopback, else the first. Nobody can dial 0.0.0.0, which is every address of the machine. */
function reachableAt(doors: readonly Endpoint<Ip>[]): string {
  const door = doors.find(({ host }) => scopeOf(host) === 'loopback') ?? doors[0]
  if (door === undefined) return ''
  return scopeOf(door.host) === 'unspecified' ? `ADDRESS-OF-THIS-MACHINE:${door.port}` : formatEndpoint(door)
}

/** `ringfence` where a shell finds it, else `npx ringfence`, which works in a clone. npm's own folders are on the PATH only while it runs us. */
export function typedName({ PATH = '' }: NodeJS.ProcessEnv): string {
  const folders = PATH.split(delimiter).filter((folder) => folder !== '' && !/[\\/]node_modules[\\/]\.bin$/.test(folder))
  const names = process.platform === 'win32' ? ['ringfence.cmd'] : ['ringfence']
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name)))) ? 'ringfence' : 'npx ringfence'
}

/** For a POSIX shell, and only where it needs it. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
