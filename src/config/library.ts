/** What policies may refer to: the shipped apps, jurisdictions and packs, and files beside them. */
import { dirname, isAbsolute, join } from 'node:path'
import { OperatorError } from '../model/errors.ts'
import type { Jurisdictions } from '../model/jurisdiction.ts'
import type { Library } from '../policy/library.ts'
import { type ShippedApps, shippedApps } from './apps.ts'
import { shippedCompanies } from './companies.ts'
import { shippedJurisdictions } from './jurisdictions.ts'
import { isPath, readText } from './load.ts'
import { findPack } from './packs.ts'

export interface ShippedLibrary extends Library {
  readonly apps: ShippedApps
  readonly groups: Jurisdictions['groups']
}

let shipped: ShippedLibrary | null = null

/** One for the whole process: each catalogue is read when something first asks for it, and then kept. */
export function shippedLibrary(): ShippedLibrary {
  shipped ??= open()
  return shipped
}

function open(): ShippedLibrary {
  const apps = shippedApps(shippedCompanies())
  const jurisdictions = shippedJurisdictions()
  return {
    apps,
    // Its file is read when a policy first names a group.
    get groups() {
      return jurisdictions.groups
    },
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
