/**
 * A recorded flow judged once more, by another policy or other location data: what would have been done with it. It
 * goes by what the record holds; nothing is resolved or dialled. Upstream proxies were judged only where a destination was
 * permitted: of the others nothing can be said again.
 */

import { type Endpoint, type Ip, parseIp } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import { isNonEmpty } from '../model/brand.ts'
import type { RecordedCandidate, RecordedHop, RecordedName } from '../model/event.ts'
import type { Flow, FlowId, KnownName, Network } from '../model/flow.ts'
import { isHost, parseHost, parseHostPort } from '../model/hostname.ts'
import { ANONYMOUS, type Identity } from '../model/identity.ts'
import type { Decision, Reason } from '../model/verdict.ts'
import type { Policy } from '../policy/policy.ts'
import { decide, decideEarly } from './decide.ts'
import { identify, whenNamesEnd, withNames } from './identify.ts'
import type { Located } from './locate.ts'
import type { Locator } from './ports.ts'
import type { RefusalSettings } from './refusals.ts'

/** What a record must hold for that. */
export interface RecordedFlow {
  readonly id: string
  readonly time: string
  readonly inbound: string
  readonly network: Network
  readonly client: string
  readonly user: string
  readonly groups: readonly string[]
  readonly asked: string
  readonly port: number
  readonly names: readonly RecordedName[]
  /** Its first bytes may have named any destination. */
  readonly name_hidden: boolean
  readonly candidates: readonly RecordedCandidate[]
  readonly hops: readonly RecordedHop[]
  readonly reasons: readonly Reason[]
}

/** The decision; `null` for a record of a flow that never came to an address and whose verdict needs one, or that is not readable as one. */
export function replay(
  recorded: RecordedFlow,
  policy: Policy,
  locator: Locator,
  refusals: RefusalSettings,
  apps: AppCatalogue,
): Decision | null {
  const flow = flowOf(recorded)
  const located = recorded.candidates.flatMap((candidate) => locatedNow(candidate, locator) ?? [])
  const hops = recorded.hops.flatMap((hop) => {
    const place = locatedNow(hop, locator)
    return place === null ? [] : [{ ...place, port: hop.port }]
  })
  if (flow === null || located.length < recorded.candidates.length || hops.length < recorded.hops.length) return null
  const asked = identify(flow, flow.openedAt, apps)
  // It was blocked before anything was looked up: what needs no address can be said again.
  if (located.length === 0) return isEarly(recorded) ? decideEarly({ ...policy, mode: 'enforce' }, asked) : null
  const claimed = recorded.names
    .filter(({ origin }) => origin !== 'asked' && origin !== 'dns')
    .flatMap((name) => knownName(name, located) ?? [])
  const known = whenNamesEnd({ ...withNames(asked, [...asked.names, ...claimed]), anyName: recorded.name_hidden })
  return decide(policy, known, located, flow, refusals, hops)
}

const isEarly = ({ reasons }: RecordedFlow): boolean => reasons.some(({ kind }) => kind === 'fence')

function flowOf({ id, time, inbound, network, client, user, groups, asked, port }: RecordedFlow): Flow | null {
  const host = parseHost(asked)
  const from = clientOf(client)
  const openedAt = Date.parse(time)
  const who: Identity = { name: user, groups, by: user === ANONYMOUS ? null : 'password' }
  if (!isHost(host) || from === null || Number.isNaN(openedAt)) return null
  return { id: id as FlowId, openedAt, inbound, network, client: from, who, asked: { host, port } }
}

function clientOf(text: string): Endpoint<Ip> | null {
  const parsed = parseHostPort(text, 0)
  return 'problem' in parsed || parsed.host.kind !== 'ip' ? null : { host: parsed.host.ip, port: parsed.port }
}

function locatedNow({ ip, judged }: RecordedCandidate, locator: Locator): Located | null {
  const address = parseIp(ip)
  const locations = judged.flatMap((place) => {
    const stood = parseIp(place.ip)
    return stood === null ? [] : [locator.locate(stood)]
  })
  return address !== null && isNonEmpty(locations) ? { ip: address, locations } : null
}

/** A record says whether a name was proved for one of the addresses, not for which: it is taken for all of them. */
function knownName({ name, origin, proved }: RecordedName, located: readonly Located[]): KnownName | null {
  const host = parseHost(name)
  if (!isHost(host) || host.kind !== 'name') return null
  return {
    name: host.name,
    origin,
    provedAt: proved === true ? new Set(located.flatMap(({ locations }) => locations.map(({ ip }) => ip))) : null,
  }
}
