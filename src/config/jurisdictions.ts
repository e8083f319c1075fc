/** The groups of countries of `config/jurisdictions.yaml`, which policies name by their ids. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type CountryCode, isCountryCode, suggestCountry } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import type { Jurisdiction, Jurisdictions } from '../model/jurisdiction.ts'
import type { Path, Report } from '../policy/path.ts'
import { readSource } from '../policy/yaml-source.ts'
import { citations, resolveCitations, type SourceTable, sentence, sourceTable } from './cited-sources.ts'
import { readText } from './load.ts'

/** The same place from `src/config/` and from `dist/config/`. */
const shippedFile = fileURLToPath(new URL('../../config/jurisdictions.yaml', import.meta.url))

/** Throws ConfigErrors with every fault of the file, OperatorError for one that can't be read. */
export function loadJurisdictions(file = shippedFile): Jurisdictions {
  return compileJurisdictions(readText(file), file)
}

/** The shipped groups, read when they are first asked. Their hash is there at once. Tests hold the shipped file free of faults. */
export function shippedJurisdictions(): Jurisdictions {
  const text = readText(shippedFile)
  let compiled: Jurisdictions | null = null
  return {
    get groups() {
      compiled ??= compileJurisdictions(text, shippedFile)
      return compiled.groups
    },
    sha256: hashOf(text),
  }
}

// A year without quotes is a number to YAML.
const whenFault = { error: 'must be a day, a month or a year such as "2026", in quotes' }

const groupDocument = z.strictObject({
  // A group stands among country codes, and is told from them by its small letters.
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, a letter first, at most 64' }),
  name: sentence,
  // One text and no list: of hundreds of list items the parser makes as many nodes, which takes longer than all the rest.
  countries: z.string().regex(/\S/, { error: 'must name at least one country' }),
  date: z.string(whenFault).regex(/^\d{4}(-\d{2}(-\d{2})?)?$/, whenFault),
  confidence: z.enum(['high', 'medium', 'low']),
  note: sentence.optional(),
  contested: sentence.optional(),
  sources: citations,
})

const jurisdictionsDocument = z.strictObject({ version: z.literal(1), sources: sourceTable, groups: z.array(groupDocument) })

type GroupDocument = z.infer<typeof groupDocument>

function compileJurisdictions(text: string, file: string): Jurisdictions {
  const { value, report, throwIfReported } = readSource(text, file, jurisdictionsDocument, { alsoCheck: checkSoundParts })
  const groups = compileGroups(value.groups, value.sources, report)
  throwIfReported()
  return { groups, sha256: hashOf(text) }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Where the shape of a file is faulty somewhere, its sound groups are checked all the same, so that all faults are told at once. */
function checkSoundParts(written: unknown, report: Report): void {
  const { groups, sources } = Object(written)
  if (!Array.isArray(groups)) return
  const sound = groups.map((group) => groupDocument.safeParse(group).data ?? null)
  compileGroups(sound, Object(sources), report)
}

function compileGroups(
  documents: readonly (GroupDocument | null)[],
  sources: SourceTable,
  report: Report,
): ReadonlyMap<string, Jurisdiction> {
  const groups = new Map<string, Jurisdiction>()
  for (const [i, written] of documents.entries()) {
    if (written === null) continue
    const at: Path = ['groups', i]
    const known = groups.get(written.id)
    if (known !== undefined) report([...at, 'id'], `"${written.id}" is the id of ${known.name} already`)
    const compiled = compileGroup(written, sources, at, report)
    if (known === undefined) groups.set(written.id, compiled)
  }
  return groups
}

function compileGroup(written: GroupDocument, sources: SourceTable, at: Path, report: Report): Jurisdiction {
  const { id, name, date, confidence, note, contested } = written
  return Object.freeze({
    id,
    name,
    countries: Object.freeze(compileCountries(written.countries, [...at, 'countries'], report)),
    date,
    confidence,
    note: note?.trimEnd() ?? null,
    contested: contested?.trimEnd() ?? null,
    sources: resolveCitations(written.sources, sources, [...at, 'sources'], report),
  })
}

function compileCountries(written: string, at: Path, report: Report): readonly CountryCode[] {
  const countries = new Set<CountryCode>()
  for (const code of written.split(/\s+/).filter((word) => word !== '')) {
    if (!isCountryCode(code)) {
      const suggestion = suggestCountry(code)
      const hint = suggestion === null ? ' (two capital letters, ISO 3166-1)' : `, did you mean "${suggestion}"?`
      report(at, `"${printable(code)}" is not a country code${hint}`)
    } else if (countries.has(code)) report(at, `"${code}" stands in this group already`)
    else countries.add(code)
  }
  return [...countries]
}
