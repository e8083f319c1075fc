/**
 * The curated list of `config/companies.yaml`: the home of the firm behind a network, and of the group behind an app.
 * It knows no address and no registry, and asks neither: whose home is where is written by people, with sources.
 */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { isCountryCode, suggestCountry } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import type { Company } from '../model/location.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from '../policy/path.ts'
import { readSource } from '../policy/yaml-source.ts'
import { readText } from './load.ts'

export interface Companies {
  /** The firm behind an AS, or `null` where the list does not know it. All ASes of a firm have the same frozen object. */
  ofAsn(asn: number): Company | null
  /** The group behind an app of the catalogue, by the app's id. */
  ofApp(id: string): Company | null
  /** Of the file's text, hex. */
  readonly sha256: string
  /** How many companies are listed. */
  readonly count: number
}

/** The same place from `src/config/` and from `dist/config/`. */
const shippedFile = fileURLToPath(new URL('../../config/companies.yaml', import.meta.url))

/** Throws ConfigErrors with every fault of the file, OperatorError for one that can't be read. */
export function loadCompanies(file = shippedFile): Companies {
  return compileCompanies(readText(file), file)
}

/**
 * The shipped list, read when it is first asked: its YAML takes a tenth of a second, and what only looks at the table
 * never asks. Its hash is there at once. Tests hold the shipped file free of faults.
 */
export function shippedCompanies(): Companies {
  const text = readText(shippedFile)
  let compiled: Companies | null = null
  const ask = (): Companies => {
    compiled ??= compileCompanies(text, shippedFile)
    return compiled
  }
  return {
    ofAsn: (asn) => ask().ofAsn(asn),
    ofApp: (id) => ask().ofApp(id),
    sha256: hashOf(text),
    get count() {
      return ask().count
    },
  }
}

const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, at most 64' })
const sentence = z.string().regex(/\S/, { error: 'must say something' })
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a day such as 2026-06-17' })
const sourceList = z.array(z.string()).min(1, { error: 'must name at least one source' })

const companyDocument = z.strictObject({
  id: word,
  name: sentence,
  home: z.string(),
  basis: sentence,
  contested: sentence.optional(),
  // One text and no list: of two thousand list items the parser makes two thousand nodes, which takes longer than all the rest.
  asns: z.union([z.string(), z.number()], { error: 'must be AS numbers with spaces between, such as 13238 200350' }).optional(),
  apps: z.array(word).optional(),
  sources: sourceList.optional(),
  date: day.optional(),
})

const companiesDocument = z.strictObject({
  version: z.literal(1),
  defaults: z.strictObject({ sources: sourceList, date: day }),
  sources: z.record(word, z.strictObject({ what: sentence, date: day })),
  companies: z.array(companyDocument),
})

type CompanyDocument = z.infer<typeof companyDocument>

function compileCompanies(text: string, file: string): Companies {
  const { value, report, throwIfReported } = readSource(text, file, companiesDocument, { alsoCheck: checkSoundParts })
  checkSources(value.defaults.sources, Object.keys(value.sources), ['defaults', 'sources'], report)
  const { asns, apps } = compileList(value.companies, Object.keys(value.sources), report)
  throwIfReported()
  return {
    ofAsn: (asn) => asns.get(asn) ?? null,
    ofApp: (id) => apps.get(id) ?? null,
    sha256: hashOf(text),
    count: value.companies.length,
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Where the shape of a file is faulty somewhere, its sound companies are checked all the same, so that all faults are told at once. */
function checkSoundParts(written: unknown, report: Report): void {
  const { companies, sources } = Object(written)
  if (!Array.isArray(companies)) return
  const sound = companies.map((company) => companyDocument.safeParse(company).data ?? null)
  compileList(sound, Object.keys(Object(sources)), report)
}

interface Listed {
  readonly asns: ReadonlyMap<number, Company>
  readonly apps: ReadonlyMap<string, Company>
}

function compileList(documents: readonly (CompanyDocument | null)[], sourceKeys: readonly string[], report: Report): Listed {
  const ids = register<string>((id, owner) => `"${id}" is the id of ${owner} already`)
  const asns = register<number>((asn, owner) => `AS${asn} is listed under ${owner} already`)
  const apps = register<string>((id, owner) => `app "${id}" is listed under ${owner} already`)
  for (const [i, written] of documents.entries()) {
    if (written === null) continue
    const at: Path = ['companies', i]
    const company = compileCompany(written, at, report)
    const note = (path: Path) => (message: string) => report([...at, ...path], message)
    ids.add(written.id, company, note(['id']))
    for (const asn of compileAsns(written.asns, note(['asns']))) asns.add(asn, company, note(['asns']))
    for (const [j, id] of (written.apps ?? []).entries()) apps.add(id, company, note(['apps', j]))
    checkSources(written.sources ?? [], sourceKeys, [...at, 'sources'], report)
  }
  return { asns: asns.owners, apps: apps.owners }
}

/** Who has what: a thing that a second company claims is a fault, and stays with the first. */
function register<K>(taken: (key: K, owner: string) => string) {
  const owners = new Map<K, Company>()
  return {
    owners,
    add(key: K, company: Company | null, fault: (message: string) => void): void {
      const owner = owners.get(key)
      if (owner !== undefined) fault(taken(key, owner.name))
      else if (company !== null) owners.set(key, company)
    },
  }
}

function compileCompany({ name, home, contested }: CompanyDocument, at: Path, report: Report): Company | null {
  if (isCountryCode(home)) return Object.freeze({ name, home, contested: contested ?? null })
  const suggestion = suggestCountry(home)
  report(
    [...at, 'home'],
    `"${printable(home)}" is not a country code${suggestion === null ? ' (two capital letters, ISO 3166-1)' : `, did you mean "${suggestion}"?`}`,
  )
  return null
}

/** AS numbers are 32 bits wide, and 0 is none (RFC 6793, RFC 7607). */
function compileAsns(written: string | number | undefined, fault: (message: string) => void): readonly number[] {
  const words = String(written ?? '')
    .split(/\s+/)
    .filter((each) => each !== '')
  return words.flatMap((each) => {
    const asn = /^[1-9]\d{0,9}$/.test(each) ? Number(each) : 0
    if (asn >= 1 && asn <= 0xffff_ffff) return [asn]
    fault(`"${printable(each)}" is no AS number: write numbers from 1 to 4294967295 with spaces between`)
    return []
  })
}

function checkSources(written: readonly string[], keys: readonly string[], at: Path, report: Report): void {
  for (const [i, source] of written.entries()) {
    if (keys.includes(source) || /^https?:\/\/\S+$/.test(source)) continue
    report([...at, i], `"${printable(source)}" is neither a source of this file nor the address of a page${didYouMean(source, keys)}`)
  }
}
