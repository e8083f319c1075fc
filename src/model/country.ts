/**
 * ISO 3166-1 alpha-2 codes, plus XK (Kosovo), which every location database uses. Names come from Node's own
 * CLDR tables: `Intl` calls TW "Taiwan" and XK "Kosovo", and needs no package.
 */
import type { Brand } from './brand.ts'

export type CountryCode = Brand<string, 'CountryCode'>

// The 249 officially assigned codes, and XK.
const codes = (
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ ' +
  'DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP ' +
  'KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM ' +
  'PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ ' +
  'UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW'
).split(' ')

const known: ReadonlySet<string> = new Set(codes)

export const allCountries = codes as readonly string[] as readonly CountryCode[]

export const isCountryCode = (text: string): text is CountryCode => known.has(text)

const long = new Intl.DisplayNames(['en'], { type: 'region' })
const short = new Intl.DisplayNames(['en'], { type: 'region', style: 'short' })

// CLDR's long names are "Hong Kong SAR China" and "Macao SAR China": beside a fence about China they mislead.
const shortNamed: ReadonlySet<string> = new Set(['HK', 'MO'])

export const countryName = (code: CountryCode): string => (shortNamed.has(code) ? short : long).of(code) ?? code

/** `China (CN)`: name and code always stand together. */
export const countryLabel = (code: CountryCode): string => `${countryName(code)} (${code})`

// Countries whose English name takes an article in a sentence.
const withArticle: ReadonlySet<string> = new Set(
  'AE BS CC CD CF CK DO FK FO GB GM IM IO KM KY MH MP MV NL PH SB SC TC TF UM US VG VI'.split(' '),
)

/** `the ` before a name that takes it in a sentence, else nothing. */
export const article = (code: CountryCode): string => (withArticle.has(code) ? 'the ' : '')

/** `China`, `the United States`: for sentences that have said the code already. */
export const countryInProse = (code: CountryCode): string => `${article(code)}${countryName(code)}`

/** The code that somebody who wrote `text` most likely meant, or `null`: "UK" → GB, "cn" → CN, "Germany" → DE. */
export function suggestCountry(text: string): CountryCode | null {
  const wanted = text.trim().toUpperCase()
  if (isCountryCode(wanted)) return wanted
  if (/^[A-Z]{2}$/.test(wanted)) {
    // CLDR maps retired and reserved codes to today's: UK → GB, DD → DE.
    const canonical = new Intl.Locale(`und-${wanted}`).region
    return canonical !== undefined && isCountryCode(canonical) ? canonical : null
  }
  return allCountries.find((code) => countryName(code).toUpperCase() === wanted) ?? null
}
