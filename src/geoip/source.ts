/** What every kind of location source yields, whatever its file looks like, and the error that refuses a file. */
import { allCountries, type CountryCode } from '../model/country.ts'
import { OperatorError } from '../model/errors.ts'
import type { SourceInfo } from '../model/location.ts'
import type { Ranges } from './ranges.ts'

/** A source that was read and validated as a whole; the ranges' values are country numbers. */
export interface GeoSource {
  readonly info: SourceInfo
  readonly v4: Ranges
  readonly v6: Ranges
  /** What the operator should know though the file is usable. */
  readonly warnings: readonly string[]
}

const numbers: ReadonlyMap<string, number> = new Map(allCountries.map((code, i) => [code, i + 1]))

/** A country as ranges hold it: 1 and up, 0 for no answer or a code that is no country. */
export const countryNumber = (code: string | null): number => (code === null ? 0 : (numbers.get(code) ?? 0))

/** The country that `countryNumber` made a number of. */
export const countryOfNumber = (number: number): CountryCode | null => allCountries[number - 1] ?? null

/** A source's file cannot be used; the message names the file and the reason. */
export class GeoSourceError extends OperatorError {
  readonly file: string

  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(`${file}: ${reason}`, options)
    this.file = file
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
