/** What one check of `ringfence doctor` says, and what it may look at. */
import type { LocationWorld } from '../../config/location.ts'
import type { Settings } from '../../config/settings.ts'
import type { Opened } from '../../geoip/accepted-table.ts'
import type { Clock } from '../../pipeline/ports.ts'
import type { Policy } from '../../policy/policy.ts'

export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail' | 'skipped'
  /** What is so, in one line. */
  readonly says: string
  /** The command or setting that mends it, of a warning or failure. */
  readonly mend?: string
}

/** A node whose settings and policy could be read. */
export interface Patient {
  readonly settings: Settings
  readonly policy: Policy
  readonly location: LocationWorld
  readonly opened: Opened
  readonly clock: Clock
  /** Nothing is asked of the network. */
  readonly offline: boolean
  /** How this program is called in a shell: `typedName`. */
  readonly command: string
}

/** Looks at one thing; throws only for faults of ours. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>

export const ok = (says: string): Finding => ({ state: 'ok', says })
export const warn = (says: string, mend: string): Finding => ({ state: 'warn', says, mend })
export const fail = (says: string, mend: string): Finding => ({ state: 'fail', says, mend })
