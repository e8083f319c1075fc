/** Whether each upstream proxy may be used under the policy, and takes connections. No destination is asked for. */
import { judgeUpstreams } from '../../config/judge-upstreams.ts'
import { libraryFor } from '../../config/library.ts'
import { openUpstreams } from '../../config/upstream.ts'
import { createDirect } from '../../egress/direct.ts'
import { unlocated } from '../../geoip/table.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { OperatorError, RingfenceError } from '../../model/errors.ts'
import type { Flow, FlowId, Millis } from '../../model/flow.ts'
import { anonymous } from '../../model/identity.ts'
import { StopSource } from '../../model/stop.ts'
import type { PinnedEndpoint } from '../../model/verdict.ts'
import { decide } from '../../pipeline/decide.ts'
import { identify, whenNamesEnd } from '../../pipeline/identify.ts'
import { locate } from '../../pipeline/locate.ts'
import { refusalsOf } from '../refusals.ts'
import { type Check, type Finding, fail, ok } from './check.ts'

const CONNECT_MS = 3_000

export const upstream: Check = async ({ settings, policy, opened: { table }, clock, offline }) => {
  if (settings.upstream.length === 0) return [ok('no upstream proxy is set: destinations are reached directly')]
  const locator = table ?? { hash: 'none', locate: unlocated }
  const refusals = refusalsOf(settings)
  const { apps } = libraryFor(settings)
  try {
    judgeUpstreams(settings, policy, locator, refusals, apps, clock.now())
    await openUpstreams(settings.upstream, process.env)
  } catch (error) {
    // What the proxy would not use, nobody tries.
    if (error instanceof OperatorError) return [fail(error.message, 'the entry under "upstream", or the policy')]
    throw error
  }
  if (offline) return [{ state: 'skipped', says: 'upstream proxies are not tried (--offline)' }]
  return await Promise.all(
    settings.upstream.map(async ({ type, server }) => {
      const label = `upstream proxy ${formatEndpoint(server)} (${type})`
      const flow = flowTo(server, clock.now())
      const known = whenNamesEnd(identify(flow, clock.now(), apps))
      const decision = decide(policy, known, [locate(server.host, locator)], flow, refusals)
      if (decision.kind === 'refuse') return fail(`${label} is not tried: the policy forbids it as a destination`, 'the policy')
      return await tried(label, decision.pinned[0])
    }),
  )
}

async function tried(label: string, to: PinnedEndpoint): Promise<Finding> {
  try {
    const { stream } = await createDirect({ attemptMs: CONNECT_MS })(to, new StopSource())
    stream.destroy()
    return ok(`${label} takes connections`)
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    return fail(`${label}: ${error.message}`, 'the entry under "upstream", or that proxy')
  }
}

const flowTo = ({ host, port }: Endpoint<Ip>, now: Millis): Flow => ({
  id: 'doctor' as FlowId,
  openedAt: now,
  inbound: 'doctor',
  network: 'tcp',
  client: { host, port },
  who: anonymous,
  asked: { host: { kind: 'ip', ip: host }, port },
})
