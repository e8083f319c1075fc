/** The road for Ringfence's own requests: judged by the policy in force, by the data in force, and recorded. */

import { join } from 'node:path'
import { systemClock } from '../../../clock.ts'
import { judgeResolvers } from '../../../config/judge-resolvers.ts'
import { judgeUpstreams } from '../../../config/judge-upstreams.ts'
import { libraryFor } from '../../../config/library.ts'
import { openUpstreams } from '../../../config/open-upstreams.ts'
import { createDirect } from '../../../egress/direct.ts'
import { createResolver } from '../../../egress/resolver.ts'
import { createEgress } from '../../../egress/upstream/dialer.ts'
import { type GeoTable, openTable, planSources } from '../../../geoip/index.ts'
import { noReach } from '../../../geoip/reach.ts'
import { noLiveFlows } from '../../../pipeline/live-flows.ts'
import type { Road } from '../../../pipeline/ports.ts'
import { RecentAnswers } from '../../../pipeline/recent-answers.ts'
import { openJournal } from '../../../records/journal.ts'
import { version } from '../../../version.ts'
import { refusalsOf } from '../../refusals.ts'
import type { GeoipWorld } from './world.ts'

export interface OwnRoad {
  readonly road: Road
  /** Where its flows are recorded: the proxy's own journal has one writer, which may be running. */
  readonly records: string
  close(): Promise<void>
}

/** Throws OperatorError where a configured resolver or upstream proxy is forbidden or the records cannot be written. */
export async function openOwnRoad(
  { settings, policy, location }: GeoipWorld,
  table: GeoTable | null,
  trouble: (line: string) => void,
): Promise<OwnRoad> {
  const clock = systemClock
  const refusals = refusalsOf(settings)
  // Without data in force the way to it is judged by the data that comes with the program, and not closed for want of it.
  const locator = table ?? (await openTable(await planSources([{ type: 'embedded' }]), location))
  const { apps } = libraryFor(settings)
  judgeResolvers(settings, policy, locator, refusals, apps, clock.now())
  judgeUpstreams(settings, policy, locator, refusals, apps, clock.now())
  const hops = await openUpstreams(settings.upstream, process.env)
  const records = join(settings.geoip.folder, 'flows')
  const journal = await openJournal({ folder: records, node: settings.node, clock, onTrouble: (error) => trouble(error.message) })
  await journal.append({ type: 'started', version })
  await journal.append({ type: 'policy', name: policy.name, hash: policy.hash, mode: policy.mode })
  await journal.append({ type: 'table', hash: locator.hash, sources: locator.sources.map(({ coverage: _, ...info }) => info) })
  const road: Road = {
    policies: { current: policy },
    live: noLiveFlows,
    shadows: [],
    refusals,
    apps,
    answers: new RecentAnswers(),
    resolver: createResolver(settings.resolver.servers, { monotonic: clock.monotonic }),
    hops: hops.map(({ server }) => server),
    tables: { current: locator },
    dialer: createEgress(hops, createDirect({ monotonic: clock.monotonic }), null),
    reach: noReach,
    writer: journal,
    clock,
    dialMs: settings.limits.dialMs,
    report: (bug) => trouble(`unexpected failure: ${bug.stack ?? bug.message}`),
  }
  return { road, records, close: () => journal.close() }
}
