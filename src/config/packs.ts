/** The policies that come with Ringfence, by name. */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { didYouMean } from '../model/suggest.ts'
import type { PolicySource } from '../policy/library.ts'
import { readText } from './load.ts'

/** The same place from `src/config/` and from `dist/config/`. */
const packFolder = fileURLToPath(new URL('../../config/policies/', import.meta.url))

export const packNames = (): readonly string[] =>
  readdirSync(packFolder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort()

/** The pack of that name, or why there is none. Throws OperatorError for one that can't be read. */
export function findPack(name: string): PolicySource | { readonly problem: string } {
  const file = `${packFolder}${name}.yaml`
  const packs = packNames()
  if (packs.includes(name) && existsSync(file)) return { text: readText(file), file, name }
  return {
    problem: `there is no policy pack "${name}"${didYouMean(name, packs)} (packs: ${packs.join(', ')}; a file's name has a dot or a slash)`,
  }
}
