/** What a policy may refer to beyond its own file. The compiler reads it; the settings' room fills it. */
import { type AppCatalogue, noApps } from '../model/app.ts'
import type { CountryCode } from '../model/country.ts'

/** Groups of countries by name. */
export type CountryGroups = ReadonlyMap<string, { readonly countries: readonly CountryCode[] }>

export interface PolicySource {
  readonly text: string
  readonly file: string
  readonly name: string
}

export interface Library {
  readonly apps: AppCatalogue
  /** `eea`, `five-eyes` …: what a lower-case word in a territory may mean. */
  readonly groups: CountryGroups
  /** The policy that `extends:` names in the file `from`, or why there is none. Never throws. */
  find(name: string, from: string): PolicySource | { readonly problem: string }
}

/** For a policy that refers to nothing. */
export const noLibrary: Library = {
  apps: noApps,
  groups: new Map(),
  find: (name) => ({ problem: `there is no policy "${name}"` }),
}
