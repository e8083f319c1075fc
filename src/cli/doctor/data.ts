/** Whether location data is good, in force as the files hold it, and not too old. */
import type { CoveredSource } from '../../geoip/index.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const DAY_MS = 86_400_000
/** Measured against one family of databases: what has moved after so many days. */
const OLD = [
  { days: 240, moved: '1.1 % of addresses have moved since' },
  { days: 120, moved: 'more than 0.5 % of addresses have moved since' },
] as const
/** An operator's list of more than a year was worse than a database. */
const OLD_LIST_DAYS = 365

export const data: Check = async ({ opened: { table, refused }, location, clock, command }) => {
  const findings: Finding[] = []
  if (table === null) findings.push(fail(`no location data is good: ${refused?.why ?? 'there is none'}`, `${command} geoip status`))
  else if (refused !== null)
    findings.push(fail(`data was refused: ${refused.why}`, `${command} geoip diff, then ${command} geoip update --accept`))
  else findings.push(ok(`location data is in force: ${table.sources.length} sources`))
  const age = ({ date }: CoveredSource): number => (date === null ? 0 : Math.floor((clock.now() - Date.parse(date)) / DAY_MS))
  const specs = await location.plan()
  const newer = (name: string): string =>
    specs.some((spec) => spec.name === name && spec.vendor !== null)
      ? `${command} geoip update`
      : 'a newer file, or a further source such as { type: mmdb, vendor: server-country, role: voter }'
  for (const source of table?.sources ?? []) {
    const old = OLD.find(({ days }) => age(source) > days)
    if (source.role === 'voter' && old !== undefined)
      findings.push(warn(`${source.name} is ${age(source)} days old: ${old.moved}`, newer(source.name)))
  }
  const lists = (table?.sources ?? []).filter((source) => source.role === 'authority' && age(source) > OLD_LIST_DAYS)
  if (lists.length > 0)
    findings.push(
      warn(`more than a year old: what ${lists.map(({ name }) => name).join(', ')} say of themselves`, `${command} geoip update`),
    )
  return findings
}
