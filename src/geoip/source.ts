/** What every kind of location source yields, whatever its file looks like, and the error that refuses a file. */
import { allCountries, type CountryCode } from '../model/country.ts'
import { OperatorError } from '../model/errors.ts'
import type { SourceInfo } from '../model/location.ts'
import type { Ranges } from './ranges.ts'

/** A place as one source names it. */
export interface Place {
  readonly country: CountryCode
  /** The source's own word for it, such as a cloud region, or `null`. */
  readonly detail: string | null
}

/** An autonomous system as a source names it. */
export interface NamedAs {
  readonly asn: number
  readonly name: string
}

/** What the numbers in a source's ranges stand for: number `n` for `list[n - 1]`, 0 for no answer. */
export type Says =
  | { readonly kind: 'places'; readonly list: readonly Place[] }
  | { readonly kind: 'networks'; readonly list: readonly NamedAs[] }
  /** Whose anycast address it is: "Cloudflare". */
  | { readonly kind: 'anycast'; readonly list: readonly string[] }

/** What a file says, apart from how it is called and used. Made by a pure parser that throws an Error saying what is wrong. */
export interface Content {
  readonly says: Says
  readonly v4: Ranges
  readonly v6: Ranges
  /** Day of the data by the file itself, ISO 8601, or `null` where it does not say. */
  readonly date: string | null
  /** What the operator should know though the file is usable. */
  readonly warnings: readonly string[]
}

/** A source that was read and validated as a whole. */
export interface GeoSource extends Omit<Content, 'date'> {
  readonly info: SourceInfo
  /** The origin ASes where an `authority` may speak: its publisher's. Empty for every other role. */
  readonly speaksIn: ReadonlySet<number>
}

const countries: readonly Place[] = allCountries.map((country) => ({ country, detail: null }))

/** What the ranges of a plain country database say: their values are country numbers. */
export const saysCountries: Says = { kind: 'places', list: countries }

const numbers: ReadonlyMap<string, number> = new Map(allCountries.map((code, i) => [code, i + 1]))

/** A country as the ranges of a plain country database hold it: 1 and up, 0 for no answer or a code that is no country. */
export const countryNumber = (code: string | null): number => (code === null ? 0 : (numbers.get(code) ?? 0))

/** A source's file cannot be used; the message names the file and the reason. */
export class GeoSourceError extends OperatorError {
  readonly file: string

  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(`${file}: ${reason}`, options)
    this.file = file
  }

  /** One whose message was made in another thread and names the file already. */
  static told(file: string, message: string): GeoSourceError {
    return new GeoSourceError(file, message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message)
  }
}

/** Why a file can't be read, in the words that are used of every file an operator names. */
export function whyUnreadable(cause: unknown): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'it may not be read',
    EISDIR: 'it is a folder',
  }
  if (!(cause instanceof Error)) return String(cause)
  return words[String((cause as NodeJS.ErrnoException).code)] ?? cause.message
}
