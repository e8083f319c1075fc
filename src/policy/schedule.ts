/**
 * `during:`: a week as people write it, by the wall clock of its zone. Each span is [start, end); an end before its start
 * runs into the next day and belongs to the first.
 */
import { z } from 'zod'
import type { Millis } from '../model/flow.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const dayWord = `(?:${dayNames.join('|')})`
const dayPattern = new RegExp(`^${dayWord}(?:-${dayWord})?$`)
const spanPattern = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/
const DAY = 24 * 60
const MINUTE_MS = 60_000

const days = z.string().regex(dayPattern, { error: 'must be a day (mon, tue, wed, thu, fri, sat, sun) or days such as mon-fri' })
const span = z.string().regex(spanPattern, { error: 'must be hours such as "09:00-17:30"' })

export const scheduleDocument = z.strictObject({
  days: z
    .union([days, z.array(days).min(1, { error: 'must not be an empty list' })], { error: 'must be a day, or a list of them' })
    .optional(),
  hours: z
    .union([span, z.array(span).min(1, { error: 'must not be an empty list' })], { error: 'must be hours, or a list of them' })
    .optional(),
  zone: z.string({ error: 'must be a time zone such as Europe/Berlin' }),
})

export type ScheduleDocument = z.infer<typeof scheduleDocument>

export interface Schedule {
  contains(at: Millis): boolean
  /** In canonical form: reading it again gives the same schedule. */
  readonly document: ScheduleDocument
}

/** Minutes of a day from midnight. */
interface Span {
  readonly start: number
  readonly end: number
}

/** Compiles what has the right shape; each fault is reported with its key. `null` where there is one. */
export function compileSchedule(written: ScheduleDocument, report: (message: string, key?: string) => void): Schedule | null {
  const zone = zoneOf(written.zone)
  if (zone === null)
    report(`"${printable(written.zone)}" is no time zone${didYouMean(written.zone, zones())} (write Europe/Berlin or UTC)`, 'zone')
  const texts = [written.hours ?? []].flat()
  const spans = texts.map(readSpan)
  const empty = texts.find((_, i) => spans[i]?.start === spans[i]?.end)
  if (empty !== undefined) report(`"${empty}" ends as it starts: leave "hours" out for the whole day`, 'hours')
  if (written.days === undefined && written.hours === undefined) report('says neither "days" nor "hours", so that it is always')
  if (zone === null || empty !== undefined || (written.days === undefined && written.hours === undefined)) return null
  const week = new Set([written.days ?? [...dayNames]].flat().flatMap(readDays))
  const whole = spans.length === 0 ? [{ start: 0, end: DAY }] : spans
  const wallClock = clockOf(zone)
  return {
    contains(at) {
      const { day, minute } = wallClock(at)
      return whole.some(({ start, end }) =>
        end > start
          ? week.has(day) && minute >= start && minute < end
          : (week.has(day) && minute >= start) || (week.has((day + 6) % 7) && minute < end),
      )
    },
    document: {
      days: dayNames.filter((_, i) => week.has(i)),
      ...(texts.length > 0 && { hours: [...new Set(texts)].sort() }),
      zone,
    },
  }
}

function readDays(text: string): readonly number[] {
  const [first = '', last = first] = text.split('-')
  const [from, to] = [first, last].map((name) => dayNames.indexOf(name as (typeof dayNames)[number])) as [number, number]
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, i) => (from + i) % 7)
}

function readSpan(text: string): Span {
  const [start = 0, end = 0] = text.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number)
    return hours * 60 + minutes
  })
  return { start, end }
}

/** As it was written: which of several names of a zone is the first differs from one Node to the next. `null`: none. */
function zoneOf(text: string): string | null {
  try {
    // An offset is no zone: it knows no summer.
    if (/^[+-]/.test(text)) return null
    const known = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
    return known.toLowerCase() === text.toLowerCase() ? known : text
  } catch {
    return null
  }
}

const zones = (): readonly string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')]

interface WallClock {
  /** 0 for Monday. */
  readonly day: number
  /** Of the day. */
  readonly minute: number
}

const clocks = new Map<string, (at: Millis) => WallClock>()

/** One for a zone: a formatter is dear to make. What it showed last holds for the whole minute, in every zone of today. */
function clockOf(zone: string): (at: Millis) => WallClock {
  const known = clocks.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  let lastMinute = Number.NaN
  let last: WallClock = { day: 0, minute: 0 }
  const clock = (at: Millis): WallClock => {
    const minute = Math.floor(at / MINUTE_MS)
    if (minute === lastMinute) return last
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const day = (dayNames as readonly string[]).indexOf(parts.get('weekday')?.toLowerCase() ?? '')
    last = { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) }
    lastMinute = minute
    return last
  }
  clocks.set(zone, clock)
  return clock
}
