/** Recorded flows judged once more by other policies: what `policy impact` and `policy diff` have in common. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { Settings } from '../../../config/settings.ts'
import type { Millis } from '../../../model/flow.ts'
import { printable } from '../../../model/hostname.ts'
import type { Decision } from '../../../model/verdict.ts'
import type { Policy } from '../../../policy/policy.ts'
import { matchesFilter, placeWords, verdictWords } from '../../../records/filter.ts'
import { type FilterQuery, readFilter } from '../../../records/filter-query.ts'
import type { FlowRecord } from '../../../records/record.ts'
import { type Damage, readRecords } from '../../../records/store.ts'
import { typedName } from '../../banner.ts'

export interface ReplayOptions extends FilterQuery {
  readonly records?: string
  readonly config?: string
  readonly json?: true
}

/** The filters of `flows`, and where the records are. */
export const withReplayOptions = (command: Command): Command =>
  command
    .option('--since <time>', 'flows decided at this time or later: 2026-11-25, 2026-11-25T10:00Z, or 15m, 2h, 7d for so long ago')
    .option('--until <time>', 'flows decided before')
    .option('--country <codes>', `where the destination may be, as CN,RU; or ${placeWords.join(', ')}`)
    .option('--verdict <words>', `as recorded: any of ${verdictWords.join(', ')}`)
    .option('--host <name>', 'a name, *.zoom.us for those below it, .zoom.us for both, or an address')
    .option('--records <folder>', 'the folder to read, whatever the settings say')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')

/** Which flows were looked at. */
export interface Looked {
  readonly folder: string
  /** Flows that match, judged again or not. */
  readonly found: number
  readonly judged: number
  /** Of the rest: it never came to an address (no such name, a denied port). */
  readonly unreached: number
  /** A fence that needs no address blocked it before the look-up. */
  readonly early: number
  readonly unreadable: number
  readonly damaged: number
  readonly firstDamage: Damage | null
}

/** Is told of every flow that can be judged: its decision by each policy, in their order. */
export type See = (record: FlowRecord, decisions: readonly Decision[]) => void

/**
 * Each flow by the places that were recorded with it, at its own time. Holds one record at a time, beside those that
 * are open at the place it has read to.
 */
export async function judgeAgain(
  policies: readonly Policy[],
  settings: Settings,
  options: ReplayOptions,
  now: Millis,
  see: See,
): Promise<Looked> {
  const filter = readFilter(options, now)
  const folder = options.records ?? settings.records.folder
  const counts = { found: 0, judged: 0, unreached: 0, early: 0, unreadable: 0, damaged: 0 }
  let firstDamage: Damage | null = null
  // A folder that the settings mean is made by the first run; one that was typed should be there.
  if (options.records === undefined && !existsSync(folder)) return { folder, ...counts, firstDamage }
  const onDamage = (one: Damage) => {
    counts.damaged++
    firstDamage ??= one
  }
  const judge = await judgeOf(policies, settings)
  for await (const record of readRecords(folder, { since: filter.since, onDamage })) {
    if (!matchesFilter(filter, record)) continue
    counts.found++
    const decisions = judge(record)
    if (decisions !== null) {
      counts.judged++
      see(record, decisions)
    } else if (record.candidates.length > 0) counts.unreadable++
    else if (record.reasons.some(({ kind }) => kind === 'fence')) counts.early++
    else counts.unreached++
  }
  return { folder, ...counts, firstDamage }
}

async function judgeOf(policies: readonly Policy[], settings: Settings): Promise<(record: FlowRecord) => readonly Decision[] | null> {
  const [{ replay }, { recordedLocator }, { refusalsOf }, { libraryFor }, { shippedCompanies }] = await Promise.all([
    import('../../../pipeline/replay.ts'),
    import('../../../pipeline/recorded-locator.ts'),
    import('../../refusals.ts'),
    import('../../../config/library.ts'),
    import('../../../config/companies.ts'),
  ])
  const refusals = refusalsOf(settings)
  const { apps } = libraryFor(settings)
  const companies = shippedCompanies()
  return (record) => {
    const locator = recordedLocator(record, companies.ofAsn)
    const decisions = policies.flatMap((policy) => replay(record, policy, locator, refusals, apps) ?? [])
    return decisions.length === policies.length ? decisions : null
  }
}

/** Which flows a figure is about: `flows of the last 7 days`, `matching flows since 2026-11-25`. */
export function flowsInWords({ since, until, country, verdict, host }: FilterQuery): string {
  const period = `${sinceInWords(since)}${until === undefined ? '' : ` until ${printable(until)}`}`
  if (country !== undefined || verdict !== undefined || host !== undefined) return `matching flows${period}`
  return period === '' ? 'recorded flows' : `flows${period}`
}

const units: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' }

function sinceInWords(since: string | undefined): string {
  if (since === undefined) return ''
  const [, number, unit = ''] = /^([0-9]+)([smhd])$/.exec(since) ?? []
  if (number === undefined) return ` since ${printable(since)}`
  return number === '1' ? ` of the last ${units[unit]}` : ` of the last ${Number(number).toLocaleString('en')} ${units[unit]}s`
}

/** What was left out and why, one line each, for people. */
export function leftOutLines({ unreached, early, unreadable, damaged, firstDamage: first }: Looked): readonly string[] {
  const lines: readonly (readonly [number, string, string])[] = [
    [unreached, 'flow never came to an address', 'flows never came to an address'],
    [early, 'flow was blocked before its address was looked up', 'flows were blocked before their addresses were looked up'],
    [unreadable, 'record could not be read as a flow', 'records could not be read as flows'],
  ]
  const told = lines.flatMap(([n, one, many]) => (n === 0 ? [] : [`${count(n, one, many)}: not judged again.`]))
  if (first === null) return told
  const where = `${first.file}:${first.line}: ${first.why}`
  return [...told, `${count(damaged, 'damaged line', 'damaged lines')} in the records, the first at ${escaped(where)}`]
}

/** That there is nothing to judge, and what would make it otherwise. */
export function noRecords({ folder }: Looked, period: string, policy: string): string {
  const run = `${typedName(process.env)} --policy ${escaped(policy)} --mode observe`
  return `there are no ${period} in ${folder}.\nRun with this policy in observe mode first ("${run}"), and send your traffic through it.\n`
}

/** What was looked at, for programs. */
export const lookedJson = ({ folder, found, judged, unreached, early, unreadable, damaged }: Looked) => ({
  records: folder,
  flows: judged,
  found,
  not_judged: { no_address: unreached, blocked_before_look_up: early, unreadable },
  damaged_lines: damaged,
})

export const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** `printable` cuts what is long; taken one by one, none of a sentence is lost. */
export const escaped = (text: string): string => Array.from(text, printable).join('')
