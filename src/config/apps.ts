/**
 * The app catalogue of `config/apps.yaml`: which names, networks and ports are an app's. Where the company behind an app
 * has its home is said by `companies.ts`.
 */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { AppCatalogue } from '../model/app.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from '../policy/path.ts'
import { readSource } from '../policy/yaml-source.ts'
import { checkClaims, type PlacedApp } from './app-claims.ts'
import { type AppDocument, appDocument, appsDocument } from './app-document.ts'
import { type AppFacts, type AppPorts, type AppRanges, type AppsFile, compileApp, compilePorts } from './app-facts.ts'
import { compileLookup } from './app-lookup.ts'
import type { Companies } from './companies.ts'
import { readText } from './load.ts'

export interface ShippedApps extends AppCatalogue {
  /** By id, in the order of the file. */
  readonly facts: ReadonlyMap<string, AppFacts>
  /** By id or alias. */
  find(word: string): AppFacts | null
  /** Every category of the file, in its order. */
  readonly categories: readonly string[]
  /** Of the file's text, hex. */
  readonly sha256: string
  /** The same catalogue with other ranges for the apps that are named; an app stays the same object. */
  withRanges(ranges: ReadonlyMap<string, AppRanges>): ShippedApps
}

/** The same place from `src/config/` and from `dist/config/`. */
const shippedFile = fileURLToPath(new URL('../../config/apps.yaml', import.meta.url))

/** Throws ConfigErrors with every fault of the file, OperatorError for one that can't be read. */
export function loadApps(companies: Companies, file = shippedFile): ShippedApps {
  return compileApps(readText(file), file, companies)
}

/**
 * The shipped catalogue, read when it is first asked: most commands never ask. Its hash is there at once. Tests hold the
 * shipped file free of faults.
 */
export function shippedApps(companies: Companies): ShippedApps {
  const text = readText(shippedFile)
  let compiled: ShippedApps | null = null
  const ask = (): ShippedApps => {
    compiled ??= compileApps(text, shippedFile, companies)
    return compiled
  }
  return {
    get apps() {
      return ask().apps
    },
    get facts() {
      return ask().facts
    },
    get categories() {
      return ask().categories
    },
    find: (word) => ask().find(word),
    named: (name) => ask().named(name),
    at: (ip) => ask().at(ip),
    onPort: (network, port) => ask().onPort(network, port),
    sha256: hashOf(text),
    withRanges: (ranges) => ask().withRanges(ranges),
  }
}

function compileApps(text: string, file: string, companies: Companies): ShippedApps {
  const { value, report, throwIfReported } = readSource(text, file, appsDocument, {
    // Where the shape is faulty somewhere, sound rows are checked all the same, so that all faults are told at once.
    alsoCheck: (written, note) => void compileSoundRows(written, companies, note),
  })
  const { sources, categories } = value
  const context = { sources, date: value.defaults.date, companies }
  const facts = compileRows(value.apps, context, Object.keys(categories), report).map((row) => row.facts)
  const common = compilePorts(value.common_ports, ['common_ports'], report)
  throwIfReported()
  return catalogueOf(facts, { common, categories: Object.keys(categories), sha256: hashOf(text) })
}

interface WholeFile {
  readonly common: AppPorts
  readonly categories: readonly string[]
  readonly sha256: string
}

function catalogueOf(facts: readonly AppFacts[], file: WholeFile): ShippedApps {
  const words = new Map(facts.flatMap((each) => [each.app.id, ...each.aliases].map((word) => [word, each] as const)))
  return {
    apps: new Map(facts.map(({ app }) => [app.id, app])),
    facts: new Map(facts.map((each) => [each.app.id, each])),
    find: (word) => words.get(word) ?? null,
    categories: file.categories,
    ...compileLookup(facts, file.common),
    sha256: file.sha256,
    withRanges(ranges) {
      const others = facts.map((each) => Object.freeze({ ...each, ranges: ranges.get(each.app.id) ?? each.ranges }))
      return catalogueOf(others, file)
    },
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

function compileSoundRows(written: unknown, companies: Companies, report: Report): void {
  const { apps, sources, categories } = Object(written)
  if (!Array.isArray(apps)) return
  const sound = apps.map((app) => appDocument.safeParse(app).data ?? null)
  const unread = apps.filter((_, i) => sound[i] === null).map((app) => Object(app).id)
  compileRows(sound, { sources: Object(sources), date: '', companies }, Object.keys(Object(categories)), report, unread)
}

function compileRows(
  documents: readonly (AppDocument | null)[],
  file: AppsFile,
  categories: readonly string[],
  report: Report,
  unread: readonly unknown[] = [],
): readonly PlacedApp[] {
  const rows = documents.flatMap((written, i) => {
    if (written === null) return []
    const at: Path = ['apps', i]
    for (const [j, category] of written.categories.entries()) {
      if (categories.includes(category)) continue
      report([...at, 'categories', j], `"${printable(category)}" is no category of this file${didYouMean(category, categories)}`)
    }
    return [{ facts: compileApp(written, file, at, report), at }]
  })
  checkClaims(rows, unread, report)
  return rows
}
