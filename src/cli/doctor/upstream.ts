/** Whether each upstream proxy may be used under the policy, takes connections, accepts the login, and lets plain HTTP through. No destination hears of it. */
import { judgeUpstreams } from '../../config/judge-upstreams.ts'
import { libraryFor } from '../../config/library.ts'
import { openUpstreams } from '../../config/open-upstreams.ts'
import { createDirect } from '../../egress/direct.ts'
import { type Hop, hopFailure } from '../../egress/upstream/hop.ts'
import { NOWHERE, PLAIN_NOWHERE, type Probed, probe } from '../../egress/upstream/probe.ts'
import { unlocated } from '../../geoip/table.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { OperatorError, RingfenceError } from '../../model/errors.ts'
import type { Flow, FlowId, Millis } from '../../model/flow.ts'
import { anonymous } from '../../model/identity.ts'
import { type Stop, StopSource } from '../../model/stop.ts'
import type { PinnedEndpoint } from '../../model/verdict.ts'
import { decide } from '../../pipeline/decide.ts'
import { identify, whenNamesEnd } from '../../pipeline/identify.ts'
import { locate } from '../../pipeline/locate.ts'
import { refusalsOf } from '../refusals.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const CONNECT_MS = 3_000
/** For all of it. */
const ANSWER_MS = 4_000

const direct = createDirect({ attemptMs: CONNECT_MS })

const MEND = 'the entry under "upstream", or that proxy'

export const upstream: Check = async ({ settings, policy, opened: { table }, clock, offline }) => {
  if (settings.upstream.length === 0) return [ok('no upstream proxy is set: destinations are reached directly')]
  const locator = table ?? { hash: 'none', locate: unlocated }
  const refusals = refusalsOf(settings)
  const { apps } = libraryFor(settings)
  let hops: readonly Hop[]
  try {
    judgeUpstreams(settings, policy, locator, refusals, apps, clock.now())
    hops = await openUpstreams(settings.upstream, process.env)
  } catch (error) {
    // What the proxy would not use, nobody tries.
    if (error instanceof OperatorError) return [fail(error.message, 'the entry under "upstream", or the policy')]
    throw error
  }
  if (offline) return [{ state: 'skipped', says: 'upstream proxies are not tried (--offline)' }]
  const findings = await Promise.all(
    hops.map(async (hop): Promise<readonly Finding[]> => {
      const { type, server, tls } = hop
      const label = `upstream proxy ${formatEndpoint(server)} (${type}${tls === null ? '' : ', TLS'})`
      const flow = flowTo(server, clock.now())
      const known = whenNamesEnd(identify(flow, clock.now(), apps))
      const decision = decide(policy, known, [locate(server.host, locator)], flow, refusals)
      if (decision.kind === 'refuse') return [fail(`${label} is not tried: the policy forbids it as a destination`, 'the policy')]
      return await tried(label, hop, decision.pinned[0])
    }),
  )
  return findings.flat()
}

async function tried(label: string, hop: Hop, at: PinnedEndpoint): Promise<readonly Finding[]> {
  const stop = new StopSource()
  const timer = setTimeout(
    () => stop.abort(hopFailure(hop, 'upstream.unreachable', `takes connections, and says nothing within ${ANSWER_MS / 1000} s`)),
    ANSWER_MS,
  )
  try {
    const probed = await probe(hop, at, direct, stop)
    const finding = ok(`${label} ${sayProbed(probed, hop)}`)
    // One that permits nothing of what was tried may do so for the address's sake.
    if (hop.type !== 'http' || probed === 'not-said' || !(await forbidsPlain(hop, at, stop))) return [finding]
    const says = `${label} does not permit CONNECT to port 80: plain http:// will not go through`
    return [finding, warn(says, 'let that proxy permit CONNECT to port 80')]
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    const mend = error.code === 'upstream.unauthenticated' ? '"username" and "password" of the entry under "upstream"' : MEND
    return [fail(`${label}: ${error.message}`, mend)]
  } finally {
    clearTimeout(timer)
  }
}

/** Only where it says so: what else comes of it was no answer to that. */
async function forbidsPlain(hop: Hop, at: PinnedEndpoint, stop: Stop): Promise<boolean> {
  try {
    return (await probe(hop, at, direct, stop, PLAIN_NOWHERE)) === 'not-said'
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    return false
  }
}

function sayProbed(probed: Probed, { type, login }: Hop): string {
  const how = type === 'http' ? `asked for ${formatEndpoint(NOWHERE)}, which leads nowhere` : 'no destination was asked for'
  switch (probed) {
    case 'accepted':
      return `${login === null ? 'takes CONNECT without a login' : 'accepts the login'} (${how})`
    case 'not-asked':
      return `${login === null ? 'wants no login' : 'does not ask for the login that is set'} (${how})`
    case 'not-said':
      return `answers, and does not permit what was tried (${how})${login === null ? '' : ': nothing is known of the login'}`
    default:
      return probed satisfies never
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
