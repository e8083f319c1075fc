/** The places that the settings name by hand: what an operator knows better than every database. */
import { type CidrProblem, formatCidr, isCidr, parseCidr } from '../model/cidr.ts'
import { isCountryCode, suggestCountry } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import { isLocal } from '../model/scope.ts'
import { PrefixSet } from './prefixes.ts'
import { type Content, countryNumber, saysCountries } from './source.ts'

/** Reads prefixes with the country of each, the longest speaking first; throws one Error with all faults, a line for each. */
export function parseOverrides(places: Readonly<Record<string, string>>): Content {
  const faults: string[] = []
  const warnings: string[] = []
  const prefixes = new PrefixSet()
  for (const [text, code] of Object.entries(places)) {
    const network = parseCidr(text)
    if (!isCidr(network)) faults.push(`"${printable(text)}" ${prefixFault(network)}`)
    if (!isCountryCode(code)) faults.push(`"${printable(text)}": ${countryFault(code)}`)
    if (!isCidr(network) || !isCountryCode(code)) continue
    if (prefixes.add(network, countryNumber(code)) === 'conflict')
      faults.push(`"${text}" stands there twice with different countries: ${formatCidr(network)}`)
    if (isLocal(network.ip)) warnings.push(`${text} is not on the Internet, so it is never judged by country`)
  }
  if (faults.length > 0) throw new Error(faults.join('\n'))
  if (prefixes.size === 0) throw new Error('it names no prefix')
  return { says: saysCountries, ...prefixes.build(), date: null, warnings }
}

function prefixFault({ problem, suggestion }: { readonly problem: CidrProblem; readonly suggestion?: string }): string {
  if (suggestion !== undefined) return `has bits set beyond its length, did you mean "${suggestion}"?`
  return problem === 'bad-length' ? 'has no valid length behind the slash' : 'is neither an address nor a prefix'
}

function countryFault(code: string): string {
  const meant = suggestCountry(code)
  return `"${printable(code)}" is not a country code${meant === null ? '' : `, did you mean "${meant}"?`}`
}
