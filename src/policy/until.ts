/** `until: 2027-06-30`: an exception holds to the end of that day, UTC. */
import type { Millis } from '../model/flow.ts'

const DAY_MS = 86_400_000

/** The first moment after the day, or `null` where the text is no day of the calendar. */
export function parseUntil(text: string): Millis | null {
  const start = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // Date.parse takes 2027-02-31 for 3 March.
  if (Number.isNaN(start) || formatDay(start) !== text) return null
  return start + DAY_MS
}

export const formatUntil = (endsAt: Millis): string => formatDay(endsAt - DAY_MS)

const formatDay = (at: Millis): string => new Date(at).toISOString().slice(0, 10)
