/** Countries as a policy writes them: ISO codes in capitals, groups in small letters, its own or those of the library. */
import { type CountryCode, isCountryCode, suggestCountry } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import { way } from './compile-selection.ts'
import type { FenceDocument, PolicyDocument } from './document.ts'
import type { CountryGroups } from './library.ts'
import { NOTHING } from './parameters.ts'
import type { Path, Report } from './path.ts'
import type { Territory } from './policy.ts'

/** Reads lists of countries; each fault is reported once, where it stands. */
export interface Countries {
  read(words: readonly string[], at: Path): ReadonlySet<CountryCode>
}

/** The policy's own groups win over the library's; they may be made of each other. */
export function countriesOf(own: NonNullable<PolicyDocument['groups']>, shared: CountryGroups, report: Report): Countries {
  const read = new Map<string, ReadonlySet<CountryCode>>()
  const names = () => [...Object.keys(own), ...shared.keys()]

  const group = (name: string, at: Path, within: readonly string[]): ReadonlySet<CountryCode> | null => {
    const written = Object.hasOwn(own, name) ? own[name] : undefined
    if (written === undefined) {
      const known = shared.get(name)
      return known === undefined ? null : new Set(known.countries)
    }
    if (within.includes(name)) {
      report(at, `group "${name}" is made of itself${way(name, within)}`)
      return new Set()
    }
    // The faults within are told where the group is defined, once.
    const countries = read.get(name) ?? list(written, ['groups', name], [...within, name])
    read.set(name, countries)
    return countries
  }

  const list = (words: readonly string[], at: Path, within: readonly string[]): ReadonlySet<CountryCode> => {
    const countries = new Set<CountryCode>()
    for (const [i, word] of words.entries()) {
      if (word === NOTHING) continue
      if (isCountryCode(word)) countries.add(word)
      else {
        const members = group(word, [...at, i], within)
        if (members === null) report([...at, i], unknownWord(word, names()))
        for (const country of members ?? []) countries.add(country)
      }
    }
    return countries
  }

  for (const name of Object.keys(own)) group(name, ['groups', name], [])
  return { read: (words, at) => list(words, at, []) }
}

function unknownWord(word: string, groups: readonly string[]): string {
  if (word === 'anywhere') return '"anywhere" stands alone: "never: anywhere"'
  const country = suggestCountry(word)
  const hint = country === null ? didYouMean(word, groups) : `, did you mean "${country}"?`
  const isGroup = /^[a-z]/.test(word) && country === null
  const kind = isGroup ? 'no country code and no group' : 'not a country code'
  return `"${printable(word)}" is ${kind}${hint || (isGroup ? '' : ' (two capital letters, ISO 3166-1)')}`
}

/** `null`: there is none, and that was reported. */
export function compileTerritory(written: FenceDocument, at: Path, countries: Countries, report: Report): Territory | null {
  const { never, only } = written
  if (never !== undefined && only !== undefined) {
    report([...at, 'only'], 'a fence has either "never" or "only"; write two fences for both')
    return null
  }
  if (never === 'anywhere') return { kind: 'anywhere' }
  const kind = never === undefined ? 'only' : 'never'
  const words = never ?? only
  if (words === undefined) {
    report(at, 'a fence needs a territory: "never: [CN]", "only: [IN, SG]" or "never: anywhere"')
    return null
  }
  if (kind === 'only' && words.every((word) => word === NOTHING)) report([...at, kind], 'must name at least one country')
  return { kind, countries: countries.read(words, [...at, kind]), words: words.filter((word) => word !== NOTHING) }
}
