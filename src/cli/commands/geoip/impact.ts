/** What other location data would change for the user: recent destinations that move, and recorded flows that would be judged otherwise. */

import { existsSync } from 'node:fs'
import { libraryFor } from '../../../config/library.ts'
import type { Settings } from '../../../config/settings.ts'
import { changesBetween } from '../../../geoip/changes.ts'
import type { GeoTable } from '../../../geoip/index.ts'
import { parseIp } from '../../../model/address.ts'
import { type CountryCode, countryLabel } from '../../../model/country.ts'
import type { Would } from '../../../model/verdict.ts'
import type { RefusalSettings } from '../../../pipeline/refusals.ts'
import { replay } from '../../../pipeline/replay.ts'
import type { Policy } from '../../../policy/policy.ts'
import { newestRecords } from '../../../records/store.ts'

/** So many of the newest flows are looked at. */
const FLOWS = 20_000
/** So many lines of each kind are shown. */
const SHOWN = 15

/** One address that recent flows went to, or were kept from. */
interface Destination {
  readonly address: string
  /** Under which it was asked for last. */
  readonly name: string
  readonly flows: number
  readonly before: readonly CountryCode[]
  readonly after: readonly CountryCode[]
}

interface Rejudged {
  readonly name: string
  readonly before: Would
  readonly after: Would
  readonly flows: number
}

export interface Impact {
  readonly before: string
  readonly after: string
  /** Of the sources, those whose data is another. */
  readonly sources: readonly { readonly name: string; readonly before: string | null; readonly after: string | null }[]
  /** Countries whose IPv4 space becomes another's, by the best guess. */
  readonly space: readonly { readonly from: CountryCode | null; readonly to: CountryCode | null; readonly v4: number }[]
  /** How many recorded flows were looked at. */
  readonly flows: number
  readonly destinations: readonly Destination[]
  readonly verdicts: readonly Rejudged[]
}

/** Compares two tables by the records of this node. */
export async function impactOf(
  before: GeoTable,
  after: GeoTable,
  settings: Settings,
  policy: Policy,
  refusals: RefusalSettings,
): Promise<Impact> {
  const { folder } = settings.records
  const { apps } = libraryFor(settings)
  const records = existsSync(folder) ? (await newestRecords(folder, FLOWS, () => true)).records : []
  const destinations = new Map<string, Destination>()
  const verdicts = new Map<string, Rejudged>()
  for (const record of records) {
    for (const { ip } of record.candidates.flatMap(({ judged }) => judged)) {
      const known = destinations.get(ip)
      const address = known === undefined ? parseIp(ip) : null
      if (known !== undefined) destinations.set(ip, { ...known, flows: known.flows + 1, name: record.asked })
      else if (address !== null) {
        const places = { before: before.locate(address).possible, after: after.locate(address).possible }
        destinations.set(ip, { address: ip, name: record.asked, flows: 1, ...places })
      }
    }
    const was = replay(record, policy, before, refusals, apps)?.verdict.would
    const will = replay(record, policy, after, refusals, apps)?.verdict.would
    if (was === undefined || will === undefined || was === will) continue
    const key = `${record.asked} ${was} ${will}`
    verdicts.set(key, { name: record.asked, before: was, after: will, flows: (verdicts.get(key)?.flows ?? 0) + 1 })
  }
  return {
    before: before.hash,
    after: after.hash,
    sources: changedSources(before, after),
    space: changesBetween(before, after).slice(0, SHOWN),
    flows: records.length,
    destinations: [...destinations.values()].filter((one) => one.before.join() !== one.after.join()).sort((a, b) => b.flows - a.flows),
    verdicts: [...verdicts.values()].sort((a, b) => b.flows - a.flows),
  }
}

function changedSources(before: GeoTable, after: GeoTable): Impact['sources'] {
  const names = new Set([...before.sources, ...after.sources].map(({ name }) => name))
  return [...names].flatMap((name) => {
    const was = before.sources.find((source) => source.name === name)
    const will = after.sources.find((source) => source.name === name)
    return was?.sha256 === will?.sha256 ? [] : [{ name, before: was?.date ?? null, after: will?.date ?? null }]
  })
}

/** For people; one empty line between the parts. */
export function impactText({ sources, space, flows, destinations, verdicts }: Impact): string {
  if (sources.length === 0) return 'The data is the same.\n'
  const dated = sources.map(({ name, before, after }) => `  ${name}: ${before ?? '-'} → ${after ?? '-'}`)
  const moved = space.map(({ from, to, v4 }) => `  ${label(from)} → ${label(to)}: ${v4.toLocaleString('en')} addresses`)
  const recent =
    flows === 0
      ? ['No flows are recorded here: what it means for your traffic is not known.']
      : destinations.length === 0
        ? [`None of your destinations moves (${flows.toLocaleString('en')} recorded flows).`]
        : [
            `${count(destinations.length, 'destination moves', 'destinations move')} (of ${flows.toLocaleString('en')} recorded flows):`,
            ...destinations.slice(0, SHOWN).map((one) => `  ${one.name} ${one.address}: ${places(one.before)} → ${places(one.after)}`),
            ...more(destinations),
          ]
  const judged =
    verdicts.length === 0
      ? flows === 0
        ? []
        : ['No flow would be judged otherwise.']
      : [
          `${count(
            verdicts.reduce((sum, one) => sum + one.flows, 0),
            'flow',
            'flows',
          )} would be judged otherwise:`,
          ...verdicts.slice(0, SHOWN).map((one) => `  ${one.name}: ${one.before} → ${one.after} (${count(one.flows, 'flow', 'flows')})`),
          ...more(verdicts),
        ]
  const parts = [
    ['Data:', ...dated],
    moved.length === 0 ? ['No IPv4 space moves.'] : ['IPv4 space, by best guess:', ...moved],
    recent,
    judged,
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
}

const label = (country: CountryCode | null): string => (country === null ? 'unknown' : countryLabel(country))

const places = (possible: readonly CountryCode[]): string => (possible.length === 0 ? 'unknown' : possible.join(' or '))

const count = (n: number, one: string, many: string): string => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

const more = (list: readonly unknown[]): readonly string[] => (list.length > SHOWN ? [`  and ${list.length - SHOWN} more`] : [])
