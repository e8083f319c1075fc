/** Moments as people write them into files. */
import type { Millis } from './flow.ts'

/** `2027-06-30` (its first moment, UTC) or `2027-06-30T09:00Z`, `2027-06-30T09:00+05:30`; `null` where it is neither. */
export function parseMoment(text: string): Millis | null {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text)
  const [, day, time] = match ?? []
  if (day === undefined) return null
  const start = Date.parse(`${day}T00:00:00Z`)
  // Date.parse takes 2027-02-31 for 3 March.
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return null
  if (time === undefined) return start
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : at
}
