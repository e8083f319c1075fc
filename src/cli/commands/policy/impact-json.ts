/** What enforcing would have done, for programs: one object, with every row that something happens to. */
import type { Policy } from '../../../policy/policy.ts'
import type { FlowFilter } from '../../../records/filter.ts'
import type { Breakdown } from './breakdown.ts'
import { type Example, noticed, placesOf } from './impact-count.ts'
import { fenceRows, type Impact } from './impact-text.ts'
import { lookedJson } from './replayed.ts'

export function impactJson(impact: Impact, { hash, mode }: Policy, { since, until }: FlowFilter): object {
  const { counted, looked } = impact
  const { block, steer, log, allow, refused } = counted.fates
  return {
    policy: { name: impact.policy, hash, mode },
    since: momentOf(since),
    until: momentOf(until),
    ...lookedJson(looked),
    blocked: block,
    blocked_at_the_time: counted.blockedThen,
    steered: steer,
    flagged: log,
    allowed: allow,
    refused,
    by_fence: fenceRows(counted.byFence).map(([fence, { blocked, alone, steered, flagged }]) => ({
      fence,
      blocked,
      share: shareOf(blocked, looked.judged),
      alone,
      with_others: blocked - alone,
      steered,
      flagged,
    })),
    fences_not_met: impact.fences.filter((name) => !counted.byFence.has(name)),
    by_app: rowsOf('app', counted.byApp),
    by_country: rowsOf('country', counted.byCountry),
    by_user: rowsOf('user_or_client', counted.byUser),
    examples: Object.fromEntries(noticed.map((what) => [names[what], counted.examples[what].list().map((one) => exampleOf(one, impact))])),
  }
}

const names = { block: 'blocked', steer: 'steered', log: 'flagged' } as const

const rowsOf = (name: string, breakdown: Breakdown) =>
  breakdown.touched().map(({ key, ...counts }) => ({ [name]: key, ...counts, share: shareOf(counts.blocked, counts.flows) }))

function exampleOf(example: Example, { sentenceOf }: Impact) {
  const { record, fated } = example
  const { id, time, user, client, asked, port } = record
  const [first] = fated.because
  return {
    id,
    time,
    user,
    client,
    asked,
    port,
    address: first?.ip ?? null,
    country: first?.locations[0].best ?? null,
    places: placesOf(fated.because),
    fences: fated.by,
    sentence: sentenceOf(example),
  }
}

const momentOf = (moment: number | undefined): string | null => (moment === undefined ? null : new Date(moment).toISOString())

const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
