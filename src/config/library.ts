/** What policies may refer to: the shipped apps, jurisdictions and packs, and files beside them. */
import { dirname, isAbsolute, join } from 'node:path'
import { OperatorError } from '../model/errors.ts'
import type { Jurisdictions } from '../model/jurisdiction.ts'
import type { Library } from '../policy/library.ts'
import type { AppFacts, AppRanges } from './app-facts.ts'
import { type FetchedByApp, readAppRanges, stampOf } from './app-ranges-store.ts'
import { type ShippedApps, shippedApps } from './apps.ts'
import { shippedCompanies } from './companies.ts'
import { shippedJurisdictions } from './jurisdictions.ts'
import { isPath, readText } from './load.ts'
import { findPack } from './packs.ts'
import type { Settings } from './settings.ts'

export interface ShippedLibrary extends Library {
  readonly apps: ShippedApps
  readonly groups: Jurisdictions['groups']
  /** Why the address ranges that this node fetched are not used, or `null`. Whoever opens it tells. */
  readonly rangesProblem: string | null
}

let shipped: ShippedLibrary | null = null

/** One for the whole process: each catalogue is read when something first asks for it, and then kept. */
export function shippedLibrary(): ShippedLibrary {
  shipped ??= open()
  return shipped
}

const known = new Map<string, { readonly stamp: string; readonly library: ShippedLibrary }>()

/** The shipped library with the address ranges of apps that this node fetched, as they are now. One for each state of the file. */
export function libraryFor({ geoip: { folder } }: Pick<Settings, 'geoip'>): ShippedLibrary {
  const stamp = stampOf(folder)
  if (stamp === null) return shippedLibrary()
  const before = known.get(folder)
  if (before?.stamp === stamp) return before.library
  const library = withFetched(shippedLibrary(), folder)
  known.set(folder, { stamp, library })
  return library
}

function withFetched(library: ShippedLibrary, folder: string): ShippedLibrary {
  const read = fetchedIn(folder)
  if ('problem' in read) return derived(library, library.apps, `${read.problem}; the address ranges that come with the program are used`)
  const ranges = new Map(
    Object.entries(read.fetched).flatMap(([id, fetched]) => {
      const facts = library.apps.facts.get(id)
      const fresh = facts === undefined ? null : rangesOf(facts, fetched)
      return fresh === null ? [] : [[id, fresh] as const]
    }),
  )
  return derived(library, ranges.size === 0 ? library.apps : library.apps.withRanges(ranges), null)
}

/** Not a copy: its groups are read when they are asked for. */
const derived = (library: ShippedLibrary, apps: ShippedApps, rangesProblem: string | null): ShippedLibrary => ({
  apps,
  get groups() {
    return library.groups
  },
  find: library.find,
  rangesProblem,
})

function fetchedIn(folder: string): { readonly fetched: FetchedByApp } | { readonly problem: string } {
  try {
    return { fetched: readAppRanges(folder) }
  } catch (error) {
    if (error instanceof OperatorError) return { problem: error.message }
    throw error
  }
}

/** `null` for what was fetched from elsewhere than the catalogue now says, or is older than it, after an upgrade of the program. */
function rangesOf({ ranges }: AppFacts, { url, fetched, networks }: FetchedByApp[string]): AppRanges | null {
  const date = fetched.slice(0, 10)
  if (ranges?.fetch == null || ranges.fetch.url !== url || date < ranges.date) return null
  const { origin, pathname } = new URL(url)
  return { ...ranges, from: `${origin}${pathname}`, date, networks, fetched }
}

function open(): ShippedLibrary {
  const apps = shippedApps(shippedCompanies())
  const jurisdictions = shippedJurisdictions()
  return {
    apps,
    rangesProblem: null,
    // Its file is read when a policy first names a group.
    get groups() {
      return jurisdictions.groups
    },
    find(name, from) {
      try {
        if (!isPath(name)) return findPack(name)
        const file = isAbsolute(name) ? name : join(dirname(from), name)
        return { text: readText(file), file, name }
      } catch (error) {
        if (error instanceof OperatorError) return { problem: error.message }
        throw error
      }
    },
  }
}
