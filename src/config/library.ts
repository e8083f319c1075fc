/** What policies may refer to: the shipped apps, jurisdictions and packs, and files beside them. */
import { dirname, isAbsolute, join } from 'node:path'
import { noApps } from '../model/app.ts'
import { OperatorError } from '../model/errors.ts'
import type { Library } from '../policy/library.ts'
import { isPath, readText } from './load.ts'
import { findPack } from './packs.ts'

/** Made once for a process: the files of the catalogue are read when something first asks. */
export function shippedLibrary(): Library {
  return {
    apps: noApps,
    groups: new Map(),
    find(name, from) {
      try {
        if (!isPath(name)) return findPack(name)
        const file = isAbsolute(name) ? name : join(dirname(from), name)
        return { text: readText(file), file, name }
      } catch (error) {
        if (error instanceof OperatorError) return { problem: error.message }
        throw error
      }
    },
  }
}
