/** Whether location data is good, in force as the files hold it, and not too old. */
import { libraryFor } from '../../config/library.ts'
import type { CoveredSource } from '../../geoip/index.ts'
import type { SourceSpec } from '../../geoip/spec.ts'
import { type Check, type Finding, fail, ok, type Patient, warn } from './check.ts'

const DAY_MS = 86_400_000
/** Measured on one family of databases: three months move 0.5 % of addresses, eight 1.1 %. */
const OLD = [
  { days: 240, moved: 'more than 1 % of addresses have moved since' },
  { days: 120, moved: 'more than 0.5 % of addresses have moved since' },
] as const
/** An operator's list of more than a year was worse than a database. */
const OLD_LIST_DAYS = 365

export const data: Check = async (patient) => {
  const { opened, location, settings, clock, command } = patient
  const sources = opened.table?.sources ?? []
  // Where they can't be told, that is why the data was refused.
  const specs = sources.length === 0 ? [] : await location.plan().catch(() => [])
  const aged = sources.map((source) => ({ ...source, age: ageOf(source, clock.now()) }))
  const voters = aged.filter(({ role }) => role === 'voter')
  const { rangesProblem } = libraryFor(settings)
  const lists = aged.filter(({ role, age }) => role === 'authority' && age > OLD_LIST_DAYS)
  return [
    inForce(patient),
    ...voters.flatMap(({ name, age }) => {
      const old = OLD.find(({ days }) => age > days)
      return old === undefined ? [] : [warn(`${name} is ${age} days old: ${old.moved}`, newer(name, specs, command))]
    }),
    ...(lists.length === 0
      ? []
      : [
          warn(`older than a year is what these say of themselves: ${lists.map(({ name }) => name).join(', ')}`, `${command} geoip update`),
        ]),
    ...(rangesProblem === null ? [] : [warn(rangesProblem, `${command} geoip update --apps-only`)]),
  ]
}

function inForce({ opened: { table, refused }, command }: Patient): Finding {
  if (table === null)
    return fail(
      `none is good, so whatever needs a country is blocked: ${refused?.why ?? 'there is none'}`,
      `${command} geoip update, or another file under "geoip: sources"`,
    )
  const count = table.sources.length === 1 ? '1 source' : `${table.sources.length} sources`
  if (refused !== null) {
    const why = `newer data was refused, the last good (up to ${table.newestDate}) is in force: ${refused.why}`
    // What can't be read can't be accepted either.
    return fail(why, refused.key === null ? backTo(command) : `${command} geoip diff, then ${command} geoip update --accept`)
  }
  const remarks = table.warnings.length === 0 ? '' : `; ${command} geoip status tells what to know of them`
  return ok(`${count} in force, the newest of ${table.newestDate}${remarks}`)
}

const backTo = (command: string): string => `${command} geoip update, ${command} geoip rollback, or put the file right`

const ageOf = ({ date }: CoveredSource, now: number): number => (date === null ? 0 : Math.floor((now - Date.parse(date)) / DAY_MS))

/** What comes with the program, or from the operator, no update brings. */
const newer = (name: string, specs: readonly SourceSpec[], command: string): string =>
  specs.some((spec) => spec.name === name && spec.vendor !== null)
    ? `${command} geoip update`
    : 'a newer file, or a further source: { type: mmdb, vendor: server-country, role: voter }'
