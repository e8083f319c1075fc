import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigErrors } from '../../src/model/errors.ts'
import { compileSchedule, type Schedule, type ScheduleDocument, scheduleDocument } from '../../src/policy/schedule.ts'
import { policy, strict } from './words.ts'

const MINUTE = 60_000

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const dayOf = (day: string): string => names[(new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7]!

function schedule(document: ScheduleDocument): Schedule {
  const faults: string[] = []
  const read = compileSchedule(document, (message, key) => faults.push(`${key}: ${message}`))
  expect(faults).toEqual([])
  return read!
}

/** The minutes of a schedule between two moments as spans of UTC. */
function spansOf({ contains }: Schedule, from: string, to: string): readonly string[] {
  const spans: string[] = []
  let start: number | null = null
  const text = (at: number) => new Date(at).toISOString().slice(0, 16)
  for (let at = Date.parse(from); at <= Date.parse(to); at += MINUTE) {
    const inside = at < Date.parse(to) && contains(at)
    if (inside) start ??= at
    if (inside || start === null) continue
    spans.push(`${text(start)} ${text(at)}`)
    start = null
  }
  return spans
}

describe('the wall clock of the zone', () => {
  test.each<readonly [string, string, ScheduleDocument, readonly string[]]>([
    // Clocks go from 02:00 to 03:00 at 01:00Z, and back from 03:00 to 02:00 at 01:00Z.
    ['Berlin, the hour that is skipped', '2027-03-28', { hours: '02:30-02:45', zone: 'Europe/Berlin' }, []],
    ['Berlin, across it', '2027-03-28', { hours: '01:30-03:30', zone: 'Europe/Berlin' }, ['03-28T00:30 03-28T01:30']],
    ['Berlin, a start in it', '2027-03-28', { hours: '02:30-04:00', zone: 'Europe/Berlin' }, ['03-28T01:00 03-28T02:00']],
    [
      'Berlin, the hour that comes twice',
      '2027-10-31',
      { hours: '02:30-02:45', zone: 'Europe/Berlin' },
      ['10-31T00:30 10-31T00:45', '10-31T01:30 10-31T01:45'],
    ],
    ['Berlin, the whole of it', '2027-10-31', { hours: '02:00-03:00', zone: 'Europe/Berlin' }, ['10-31T00:00 10-31T02:00']],
    ['Berlin, a day of 23 hours', '2027-03-28', { days: 'sun', zone: 'Europe/Berlin' }, ['03-27T23:00 03-28T22:00']],
    ['Berlin, a day of 25 hours', '2027-10-31', { days: 'sun', zone: 'Europe/Berlin' }, ['10-30T22:00 10-31T23:00']],
    // At 07:00Z from 02:00 to 03:00; at 06:00Z from 02:00 to 01:00.
    ['New York in spring', '2027-03-14', { hours: '02:00-03:00', zone: 'America/New_York' }, []],
    [
      'New York in autumn',
      '2027-11-07',
      { days: 'sun', hours: '01:30-01:45', zone: 'America/New_York' },
      ['11-07T05:30 11-07T05:45', '11-07T06:30 11-07T06:45'],
    ],
    ['Kolkata, half an hour off', '2027-06-16', { days: 'wed', hours: '09:00-17:30', zone: 'Asia/Kolkata' }, ['06-16T03:30 06-16T12:00']],
    // Its summer is half an hour: at 15:30Z from 02:00 to 02:30; at 15:00Z from 02:00 to 01:30.
    ['Lord Howe in spring', '2027-10-03', { days: 'sun', hours: '02:10-02:40', zone: 'Australia/Lord_Howe' }, ['10-02T15:30 10-02T15:40']],
    [
      'Lord Howe in autumn',
      '2027-04-04',
      { days: 'sun', hours: '01:45-01:50', zone: 'Australia/Lord_Howe' },
      ['04-03T14:45 04-03T14:50', '04-03T15:15 04-03T15:20'],
    ],
    ['Apia, ahead of all others', '2027-03-29', { days: 'mon', zone: 'Pacific/Apia' }, ['03-28T11:00 03-29T11:00']],
    // It crossed the date line: no 30 December 2011.
    ['Apia, the Friday that was skipped', '2011-12-30', { days: 'fri', zone: 'Pacific/Apia' }, []],
    ['Apia, the days around it', '2011-12-30', { days: ['thu', 'sat'], zone: 'Pacific/Apia' }, ['12-29T10:00 12-31T10:00']],
  ])('%s (%s)', (_, day, document, expected) => {
    const at = Date.parse(`${day}T00:00Z`)
    const around = [at - 16 * 60 * MINUTE, at + 40 * 60 * MINUTE].map((moment) => new Date(moment).toISOString())
    const year = day.slice(0, 5)
    expect(spansOf(schedule({ days: dayOf(day), ...document }), around[0]!, around[1]!)).toEqual(
      expected.map((span) => span.replaceAll(/\d\d-\d\dT/g, `${year}$&`)),
    )
  })
})

test.each<readonly [string, ScheduleDocument, Readonly<Record<string, boolean>>]>([
  [
    'a span that ends before it starts belongs to the day on which it starts',
    { days: 'mon', hours: '22:00-06:00', zone: 'UTC' },
    {
      '2027-06-14T21:59:59.999Z': false,
      '2027-06-14T22:00:00.000Z': true,
      '2027-06-15T05:59:59.999Z': true,
      '2027-06-15T06:00:00.000Z': false,
      '2027-06-14T05:59:00.000Z': false,
      '2027-06-15T22:00:00.000Z': false,
    },
  ],
  [
    'Sunday runs into Monday',
    { days: 'sun', hours: '23:00-01:00', zone: 'UTC' },
    { '2027-06-13T23:00Z': true, '2027-06-14T00:59Z': true, '2027-06-13T00:30Z': false },
  ],
  [
    'midnight as an end is 24:00 or 00:00',
    { days: 'mon', hours: ['20:00-24:00', '10:00-00:00'], zone: 'UTC' },
    { '2027-06-14T09:59Z': false, '2027-06-14T10:00Z': true, '2027-06-14T23:59:59.999Z': true, '2027-06-15T00:00Z': false },
  ],
  [
    'days may wrap round the end of the week',
    { days: 'fri-mon', zone: 'UTC' },
    {
      '2027-06-17T23:59Z': false,
      '2027-06-18T00:00Z': true,
      '2027-06-20T12:00Z': true,
      '2027-06-21T23:59Z': true,
      '2027-06-22T00:00Z': false,
    },
  ],
  [
    'a day but for its last minute',
    { days: 'mon', hours: '12:00-11:59', zone: 'UTC' },
    { '2027-06-14T11:58Z': false, '2027-06-14T12:00Z': true, '2027-06-15T11:58:59.999Z': true, '2027-06-15T11:59Z': false },
  ],
  ['a range of one day is that day', { days: 'tue-tue', zone: 'UTC' }, { '2027-06-15T12:00Z': true, '2027-06-16T12:00Z': false }],
  [
    'without days it is every day, and a list of hours is OR',
    { hours: ['09:00-12:00', '13:00-17:00'], zone: 'UTC' },
    { '2027-06-19T11:59Z': true, '2027-06-20T12:30Z': false, '2027-06-20T13:00Z': true },
  ],
])('%s', (_, document, moments) => {
  const { contains } = schedule(document)
  for (const [at, expected] of Object.entries(moments)) expect(contains(Date.parse(at)), at).toBe(expected)
})

test('the canonical form: days one by one from Monday, hours sorted and once, the zone as it is spelt', () => {
  expect(
    schedule({ days: ['sun', 'fri-mon', 'mon'], hours: ['13:00-17:00', '09:00-12:00', '13:00-17:00'], zone: 'europe/berlin' }).document,
  ).toEqual({ days: ['mon', 'fri', 'sat', 'sun'], hours: ['09:00-12:00', '13:00-17:00'], zone: 'Europe/Berlin' })
  expect(schedule({ hours: '09:00-12:00', zone: 'utc' }).document).toEqual({ days: names, hours: ['09:00-12:00'], zone: 'UTC' })
  expect(schedule({ days: 'mon-fri', zone: 'UTC' }).document).toEqual({ days: names.slice(0, 5), zone: 'UTC' })
})

test.each<readonly [unknown, readonly string[]]>([
  [{ days: 'monday', zone: 'UTC' }, ['days: must be a day (mon, tue, wed, thu, fri, sat, sun) or days such as mon-fri']],
  [{ days: ['mon', 'Tue'], zone: 'UTC' }, ['days[1]: must be a day (mon, tue, wed, thu, fri, sat, sun) or days such as mon-fri']],
  [{ days: [], zone: 'UTC' }, ['days: must not be an empty list']],
  [{ hours: '9:00-17:00', zone: 'UTC' }, ['hours: must be hours such as "09:00-17:30"']],
  [{ hours: ['24:00-06:00'], zone: 'UTC' }, ['hours[0]: must be hours such as "09:00-17:30"']],
  [{ hours: '09:00-24:01', zone: 'UTC' }, ['hours: must be hours such as "09:00-17:30"']],
  [{ hours: 9, zone: 'UTC' }, ['hours: must be hours, or a list of them']],
  [{ hours: ['08:00-09:00', '10:00-10:00'], zone: 'UTC' }, ['hours: "10:00-10:00" ends as it starts: leave "hours" out for the whole day']],
  [{ days: 'mon', hours: '00:00-24:00', zone: 'UTC' }, []],
  [{ days: 'mon' }, ['"zone" is missing: it must be a time zone such as Europe/Berlin']],
  [
    { days: 'mon', zone: 'Europe/Berln' },
    ['zone: "Europe/Berln" is no time zone, did you mean "Europe/Berlin"? (write Europe/Berlin or UTC)'],
  ],
  // An offset knows no summer, whatever Intl makes of it.
  [{ days: 'mon', zone: '+05:30' }, ['zone: "+05:30" is no time zone (write Europe/Berlin or UTC)']],
  [{ days: 'mon', zone: 'X\u001b[2J' }, ['zone: "X\\u001b[2J" is no time zone (write Europe/Berlin or UTC)']],
  [{ zone: 'UTC' }, ['says neither "days" nor "hours", so that it is always']],
  [
    { hours: '08:00-08:00', zone: '' },
    [
      'hours: "08:00-08:00" ends as it starts: leave "hours" out for the whole day',
      'zone: "" is no time zone (write Europe/Berlin or UTC)',
    ],
  ],
  [{ days: 'mon', zone: 'UTC', day: 'tue' }, ['"day" is not a word of this file, did you mean "days"?']],
  ['mon', ['must be a schedule such as { days: [mon-fri], hours: "09:00-17:00", zone: Europe/Berlin }, or a list of them']],
])('%j: %j', (during, expected) => expect(faultsOf(during)).toEqual(expected))

/** What is said of a policy that holds it, without the place. */
function faultsOf(during: unknown): readonly string[] {
  try {
    policy({ uncertain: strict, fences: [{ name: 'a', traffic: { during }, never: ['CN'] }] })
    return []
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    const start = /^fences\[0\]\.traffic\.during\.?/
    return error.problems
      .filter(({ path }) => start.test(path))
      .map(({ path, message }) => (path.replace(start, '') === '' ? message : `${path.replace(start, '')}: ${message}`))
  }
}

// --- properties ---------------------------------------------------------------------------------------------------------

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia', 'Pacific/Chatham']
const two = (n: number) => String(n).padStart(2, '0')
const time = fc.oneof(
  fc.integer({ min: 0, max: 1439 }).map((minute) => `${two(Math.floor(minute / 60))}:${two(minute % 60)}`),
  fc.constantFrom('00:00', '02:00', '02:30', '03:00'),
)
const hours = fc
  .tuple(time, fc.oneof({ weight: 6, arbitrary: time }, { weight: 1, arbitrary: fc.constant('24:00') }))
  .filter(([start, end]) => start !== end)
  .map((both) => both.join('-'))
const days = fc.oneof(
  fc.constantFrom(...names),
  fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map((both) => both.join('-')),
)
const oneOrList = (item: fc.Arbitrary<string>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
const anySchedule: fc.Arbitrary<ScheduleDocument> = fc
  .record({ days: oneOrList(days), hours: oneOrList(hours), zone: fc.constantFrom(...zones) }, { requiredKeys: ['zone'] })
  .filter(({ days, hours }) => days !== undefined || hours !== undefined)

const turns = ['2027-03-28T01:00Z', '2027-10-31T01:00Z', '2027-03-14T07:00Z', '2027-11-07T06:00Z', '2027-10-02T15:30Z', '2011-12-30T10:00Z']
/** Anywhere in a century, or within a day of a turn of the clocks, on and around whole minutes. */
const moment = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: Date.UTC(1973, 0, 1) / MINUTE, max: Date.UTC(2100, 0, 1) / MINUTE }),
      fc.tuple(fc.constantFrom(...turns), fc.integer({ min: -1_440, max: 1_440 })).map(([turn, off]) => Date.parse(turn) / MINUTE + off),
    ),
    fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: 0, max: MINUTE - 1 })),
  )
  .map(([minute, ms]) => minute * MINUTE + ms)

const formats = new Map<string, Intl.DateTimeFormat>()

/** `2027-03-28 03:00:00` */
function wallClock(at: number, zone: string): string {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  formats.set(zone, format)
  return format.format(at)
}

/** The definition, word by word: some span of today's or yesterday's date, as dates and times that are compared as texts. */
function naive({ days, hours, zone }: ScheduleDocument, at: number): boolean {
  const wall = wallClock(at, zone)
  const today = wall.slice(0, 10)
  const after = (day: string, count: number) => new Date(Date.parse(`${day}T00:00Z`) + count * 86_400_000).toISOString().slice(0, 10)
  const listed = (day: string) =>
    days === undefined ||
    [days].flat().some((text) => {
      const [from = '', to = from] = text.split('-')
      const round = [...names, ...names].slice(names.indexOf(from))
      return round.slice(0, round.indexOf(to) + 1).includes(dayOf(day))
    })
  return [today, after(today, -1)].filter(listed).some((day) =>
    [hours ?? '00:00-24:00'].flat().some((text) => {
      const [start = '', end = ''] = text.split('-')
      return wall >= `${day} ${start}:00` && wall < `${end > start ? day : after(day, 1)} ${end}:00`
    }),
  )
}

test('it says what the definition says, in whatever order moments are asked', () =>
  fc.assert(
    fc.property(
      fc.array(anySchedule, { minLength: 1, maxLength: 3 }),
      fc.array(moment, { minLength: 1, maxLength: 12 }),
      (written, moments) => {
        const schedules = written.map((document) => ({ document, contains: schedule(document).contains }))
        for (const at of moments)
          for (const { document, contains } of schedules) expect(contains(at), new Date(at).toISOString()).toBe(naive(document, at))
      },
    ),
    { numRuns: 500 },
  ))

test('a span starts and ends exactly to the millisecond', () =>
  fc.assert(
    fc.property(time, time, fc.integer({ min: 0, max: 36_500 }), (start, end, day) => {
      fc.pre(start !== end)
      const { contains } = schedule({ hours: `${start}-${end}`, zone: 'UTC' })
      const at = (text: string) => Date.parse(`1973-01-01T${text}Z`) + day * 86_400_000
      expect([at(start) - 1, at(start), at(end) - 1, at(end)].map(contains)).toEqual([false, true, true, false])
    }),
  ))

test('the canonical form has the right shape, reads as the same schedule, and is its own canonical form', () =>
  fc.assert(
    fc.property(anySchedule, fc.array(moment, { maxLength: 8 }), (written, moments) => {
      const first = schedule(written)
      const again = schedule(scheduleDocument.parse(first.document))
      expect(again.document).toEqual(first.document)
      expect(moments.map(again.contains)).toEqual(moments.map(first.contains))
    }),
  ))
