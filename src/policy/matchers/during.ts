/** `during`: days and hours by the wall clock of a zone. Live flows are judged again when it turns (`turning.ts`). */
import type { Facts } from '../../model/facts.ts'
import { compileSchedule, type ScheduleDocument, scheduleDocument } from '../schedule.ts'
import type { Match, MatcherKind } from './matcher.ts'

export const during: MatcherKind<ScheduleDocument> = {
  item: scheduleDocument,
  says: 'a schedule such as { days: [mon-fri], hours: "09:00-17:00", zone: Europe/Berlin }',
  identifies: false,
  reads: 'flow',
  compile(items, report) {
    const schedules = items.flatMap((item, i) => compileSchedule(item, (message, key) => report(i, message, key)) ?? [])
    const holdsAt = (at: number) => schedules.some((schedule) => schedule.contains(at))
    // A test of a policy that names no time: nobody knows.
    const match = ({ at }: Facts): Match => (at === undefined ? 'open' : holdsAt(at) ? 'yes' : 'no')
    return { applies: match, proved: match, document: schedules.map(({ document }) => document), holdsAt }
  },
}
