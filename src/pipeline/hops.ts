/**
 * Upstream proxies on the way to a destination (DESIGN.md §5): each is judged as the destination is, by the same policy
 * and the same facts, but at the proxy's own place. A fence that is over the flow is over every place that its bytes
 * pass; one that names the proxy's own address is met as well. Pure.
 */
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import type { KnownApp } from '../model/app.ts'
import { isNonEmpty, type NonEmpty } from '../model/brand.ts'
import type { Facts } from '../model/facts.ts'
import type { Flow } from '../model/flow.ts'
import type { Location } from '../model/location.ts'
import { type Effect, type FenceOutcome, type JudgedHop, type RefusalCode, severest } from '../model/verdict.ts'
import { effectSpan, evaluate } from '../policy/evaluate.ts'
import type { Policy } from '../policy/policy.ts'
import { factsAbout, type Known } from './identify.ts'
import { type Located, locate } from './locate.ts'
import type { Locator } from './ports.ts'
import { type RefusalSettings, refusalOf, refusalOfPort } from './refusals.ts'

export interface LocatedHop extends Located {
  readonly port: number
}

export const locateHops = (hops: readonly Endpoint<Ip>[], locator: Locator): readonly LocatedHop[] =>
  hops.map(({ host, port }) => ({ ...locate(host, locator), port }))

/** Whether a connection to the proxy itself is refused in every mode, as one that is asked for would be. */
export function refusalOfHop({ ip, port, locations }: LocatedHop, flow: Flow, refusals: RefusalSettings): RefusalCode | null {
  const hop: Flow = { ...flow, asked: { host: { kind: 'ip', ip }, port } }
  const [first = null] = [ip, ...locations.map((location) => location.ip)].flatMap((each) => refusalOf(each, hop, refusals) ?? [])
  return refusalOfPort(hop, refusals) ?? first
}

/** All that is judged of a hop on the way to these places. */
export function factsOfHop(known: Known, places: readonly Location[], { locations }: LocatedHop): NonEmpty<Facts> {
  const facts = locations.flatMap((location) => [
    factsAbout(known, location),
    ...places.map((place) => ({ ...factsAbout(known, place), location })),
  ])
  if (!isNonEmpty(facts)) throw new Error('a hop has at least one location')
  return facts
}

/** What enforcing would do about it, now that this much is known. */
export const spanOfHop = (policy: Policy, facts: readonly Facts[]): { readonly low: Effect; readonly high: Effect } =>
  facts
    .map((each) => effectSpan(policy, each))
    .reduce((a, b) => ({ low: severest(a.low, b.low), high: severest(a.high, b.high) }), { low: 'allow', high: 'allow' })

export function judgeHop(
  policy: Policy,
  known: Known,
  places: readonly Location[],
  hop: LocatedHop,
  refusal: RefusalCode | null,
): JudgedHop {
  let effect: Effect = 'allow'
  let localNetwork: Effect | null = null
  let apps: readonly KnownApp[] = []
  const weighing = new Map<string, FenceOutcome>()
  for (const facts of factsOfHop(known, places, hop)) {
    const judgement = evaluate(policy, facts)
    effect = severest(effect, judgement.low)
    if (facts.apps.length > apps.length) apps = facts.apps
    if (judgement.localNetwork !== null) localNetwork = severest(localNetwork ?? 'allow', judgement.localNetwork)
    for (const outcome of judgement.fences) {
      const other = weighing.get(outcome.fence)
      if (other === undefined || severest(other.effect, outcome.effect) !== other.effect) weighing.set(outcome.fence, outcome)
    }
  }
  const permitted = refusal === null && (policy.mode === 'observe' || effect !== 'block')
  const fences = policy.fences.flatMap(({ name }) => weighing.get(name) ?? [])
  const { ip, port, locations } = hop
  return { ip, port, locations, apps, fences, localNetwork, effect, refusal, permitted }
}

export const hopText = ({ ip, port }: Pick<JudgedHop, 'ip' | 'port'>): string => formatEndpoint({ host: ip, port })
