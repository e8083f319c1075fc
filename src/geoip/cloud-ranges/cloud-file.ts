/** What the formats of cloud operators have in common once they are read: statements of places, a day, anycast networks. */
import type { z } from 'zod'
import { type Cidr, isCidr, parseCidr } from '../../model/cidr.ts'
import { printable } from '../../model/hostname.ts'
import type { StatedPlace } from '../stated-places.ts'

/** One operator's publication, read. */
export interface CloudFile {
  readonly statements: readonly StatedPlace[]
  /** Day of the edition, ISO 8601, or `null` where the format does not say. */
  readonly date: string | null
}

/** A network whose addresses are in many places at once, and what they serve. */
export interface AnycastNetwork {
  readonly network: Cidr
  readonly whose: string
}

/** How one operator's format is read, from JSON of any shape. Both throw an Error that names the culprit. */
export interface CloudReader {
  read(json: unknown): CloudFile
  /** What the operator's documentation calls anycast, and this file lists. */
  anycast(json: unknown): readonly AnycastNetwork[]
}

/** Checks the shape; throws an Error that names the first thing that is not as it must be. */
export function shaped<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${printable(String(step))}`)).join('') ?? ''
  throw new Error(`${where.replace(/^\./, '') || 'the file'}: ${issue?.message ?? 'not of this format'}`)
}

/** A prefix of the file; `of` says where it stands, for the message of the Error. */
export function networkOf(prefix: string, of: string): Cidr {
  const network = parseCidr(prefix)
  if (isCidr(network)) return network
  const meant = network.suggestion === undefined ? '' : `, perhaps ${network.suggestion}`
  throw new Error(`"${printable(prefix)}" of ${printable(of)} is not a prefix (${network.problem}${meant})`)
}

/** The day at the beginning of a timestamp, or `null` where it begins with none. */
export function dayOf(timestamp: string | undefined): string | null {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(timestamp ?? '')?.[0]
  return day === undefined || Number.isNaN(Date.parse(day)) ? null : day
}
