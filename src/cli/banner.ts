/** What a person reads first: where the proxy listens, what is in force, how old the data is, and what to type next. */
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { App } from '../app.ts'
import type { Settings } from '../config/settings.ts'
import { formatEndpoint } from '../model/address.ts'
import { scopeOf } from '../model/scope.ts'
import { isSound, selfTestSentence } from '../pipeline/self-test.ts'
import type { Policy } from '../policy/policy.ts'
import { version } from '../version.ts'
import { type BoundDoor, boundDoors, isBalanced, nearestFirst } from '../web/reachable.ts'

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
  settings: Pick<Settings, 'file' | 'records' | 'inbounds' | 'upstream'>,
  { now, command }: BannerContext,
): string {
  const attributions = [...new Set((table?.sources ?? []).flatMap(({ attribution }) => attribution ?? []))].map(
    (line) => `  ${line}
`,
  )
  const optional = settings.records.whenDiskFull === 'continue' ? ' (optional: when_disk_full is continue)' : ''
  const open = boundDoors(settings.inbounds, doors)
  const config = settings.file === null ? '' : ` --config ${quoted(resolve(settings.file))}`
  return `
Ringfence ${version} listens on ${whereItListens(open)}

  policy    ${policy.name}: ${whatItDoes(policy)}
  location  ${table === null ? 'NONE IS GOOD: whatever needs a country is blocked; see the log' : locationLine(table, now)}
${isSound(selfTest) ? '' : `  ATTENTION ${selfTestSentence(selfTest)}\n`}  records   ${settings.records.folder}${optional}
  settings  ${settings.file ?? 'defaults (no ringfence.yaml here or in /etc/ringfence)'}
${upstreamLine(settings.upstream)}${pageLine(page)}
${examples(open)}Anything else  ${command} setup${config}
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
      return `  page      none: ${page.by} listens on ${formatEndpoint(page.at)} (web.listen in the settings moves the page)\n`
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

/** `10.0.0.1:443 (HTTP proxy, SOCKS5, in TLS), 127.0.0.1:8080 (HTTP proxy, SOCKS5, SOCKS4)`: each with what it speaks, doors alike together. */
function whereItListens(doors: readonly BoundDoor[]): string {
  const kinds = [...new Set(doors.map(spoken))]
  return kinds
    .map((kind) => {
      const alike = doors.filter((door) => spoken(door) === kind)
      return `${alike.map(({ bound }) => formatEndpoint(bound)).join(', ')} (${kind})`
    })
    .join(', ')
}

/** SOCKS4 has no words for a password. */
const spoken = ({ login, tls }: BoundDoor): string =>
  `HTTP proxy, SOCKS5${login === 'required' ? '' : ', SOCKS4'}${tls === null ? '' : ', in TLS'}`

/** All of one door: the nearest to the reader. */
function examples(doors: readonly BoundDoor[]): string {
  const [door] = nearestFirst(doors)
  if (door === undefined) return ''
  const place = placeOf(door)
  const at = `${door.login === 'required' ? 'USER:PASSWORD@' : ''}${place}`
  const scheme = door.tls === null ? 'http' : 'https'
  const shown = door.login === 'certificate' ? '--proxy-cert CERTIFICATE --proxy-key KEY ' : ''
  // No program speaks SOCKS in TLS.
  const socks = door.tls === null ? ` ALL_PROXY=socks5h://${at}` : ''
  return `Try it         curl ${shown}-x ${scheme}://${at} http://example.com/
A browser      chromium --proxy-server=${scheme}://${place}
Another shell  export http_proxy=${scheme}://${at} https_proxy=${scheme}://${at}${socks}
`
}

/** As the reader dials it; in capitals what is not known here. Nobody can dial 0.0.0.0, which is every address of the machine. */
function placeOf(door: BoundDoor): string {
  if (isBalanced(door)) return 'LOAD-BALANCER:PORT'
  return scopeOf(door.bound.host) === 'unspecified' ? `ADDRESS-OF-THIS-MACHINE:${door.bound.port}` : formatEndpoint(door.bound)
}

/** `ringfence` where a shell finds it, else `npx ringfence`, which works in a clone. npm's own folders are on the PATH only while it runs us. */
export function typedName({ PATH = '' }: NodeJS.ProcessEnv): string {
  const folders = PATH.split(delimiter).filter((folder) => folder !== '' && !/[\\/]node_modules[\\/]\.bin$/.test(folder))
  const names = process.platform === 'win32' ? ['ringfence.cmd'] : ['ringfence']
  return folders.some((folder) => names.some((name) => existsSync(join(folder, name)))) ? 'ringfence' : 'npx ringfence'
}

/** For a POSIX shell, and only where it needs it. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
