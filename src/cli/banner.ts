/** What a person reads first: where the proxy listens, what is in force, how old the data is, and what to type next. */
import type { App } from '../app.ts'
import type { Settings } from '../config/settings.ts'
import { formatEndpoint } from '../model/address.ts'
import type { Policy } from '../policy/policy.ts'
import { version } from './version.ts'

type Running = Pick<App, 'policy' | 'doors'> & { readonly table: Pick<App['table'], 'sources' | 'oldestDate' | 'warnings'> }

const DAY_MS = 86_400_000
/** Measured: three months move 0.5 % of addresses, eight 1.1 %. */
const OLD_DAYS = 120

export function banner({ policy, table, doors }: Running, settings: Pick<Settings, 'file' | 'records'>, now: number): string {
  const [first] = doors
  const at = first === undefined ? '' : formatEndpoint(first.bound)
  const age = Math.floor((now - Date.parse(table.oldestDate)) / DAY_MS)
  const sources = table.sources.map(({ name, date }) => `${name} of ${date}`).join(', ')
  const attribution = table.sources.flatMap(({ attribution }) => attribution ?? [])
  return `
Ringfence ${version} listens on ${doors.map(({ bound }) => formatEndpoint(bound)).join(', ')} (HTTP proxy, SOCKS5, SOCKS4)

  policy    ${policy.name}: ${whatItDoes(policy)}
  location  ${sources}${age > OLD_DAYS ? ` (${age} days old: some addresses have moved since)` : ''}
  records   ${settings.records.folder}
  settings  ${settings.file ?? 'defaults (no ringfence.yaml here or in /etc/ringfence)'}

Try it       curl -x http://${at} http://example.com/
A browser    chromium --proxy-server=http://${at}
This shell   export http_proxy=http://${at} https_proxy=http://${at} ALL_PROXY=socks5h://${at}
What went    ringfence flows --follow
${policy.fences.length === 0 ? 'Fence on     ringfence --policy no-cn\n' : ''}
${attribution.map((text) => `  ${text}\n`).join('')}
`
}

function whatItDoes({ mode, fences }: Policy): string {
  const count = fences.length === 1 ? '1 fence' : `${fences.length} fences`
  if (mode === 'enforce') return `enforces ${count}`
  return fences.length === 0 ? 'records where connections go, blocks nothing' : `judges by ${count} and records, blocks nothing`
}
