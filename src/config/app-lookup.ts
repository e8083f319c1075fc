/** The app catalogue compiled for questions of every flow: by name, by address, by port. The same set of apps is the same frozen array. */
import type { App, AppCatalogue } from '../model/app.ts'
import { CidrMap } from '../model/cidr-set.ts'
import type { HostPattern } from '../model/host-pattern.ts'
import { domainsAbove } from './app-claims.ts'
import type { AppFacts, AppPorts, PortRange } from './app-facts.ts'

/** Of a port that more apps name, none is told: it is that of a protocol (STUN), not of an app. */
const MOST_ON_ONE_PORT = 3

/** Web ports are nobody's, whatever a file says. */
const WEB_PORTS = [80, 443]

/** `common`: ports that are a sign of no app. */
export function compileLookup(facts: readonly AppFacts[], common: AppPorts): Pick<AppCatalogue, 'named' | 'at' | 'onPort'> {
  const sets = new AppSets()
  return { named: byName(facts, sets), at: byAddress(facts, sets), onPort: byPort(facts, common, sets) }
}

/** Each set of apps once, so that equality is `===`. */
class AppSets {
  readonly none: readonly App[] = Object.freeze([])
  readonly #known = new Map<string, readonly App[]>()

  of(apps: readonly App[]): readonly App[] {
    const unique = [...new Set(apps)]
    if (unique.length === 0) return this.none
    const key = unique.map(({ id }) => id).join(' ')
    const known = this.#known.get(key) ?? Object.freeze(unique)
    this.#known.set(key, known)
    return known
  }
}

interface Listed {
  readonly app: App
  readonly row: number
  readonly pattern: HostPattern
}

interface Domain {
  readonly itself: readonly App[]
  readonly below: readonly App[]
}

/** What holds below a domain holds for every domain listed below it too, so that the longest listed one has the whole answer. */
function byName(facts: readonly AppFacts[], sets: AppSets): AppCatalogue['named'] {
  const listed = new Map<string, Listed[]>()
  for (const [row, { app, domains }] of facts.entries()) {
    for (const pattern of domains) {
      const entry = { app, row, pattern }
      const others = listed.get(pattern.name)
      if (others === undefined) listed.set(pattern.name, [entry])
      else others.push(entry)
    }
  }
  const domains = new Map<string, Domain>()
  for (const [name, own] of listed) {
    const above = domainsAbove(name).flatMap((domain) => listed.get(domain) ?? [])
    const apps = (entries: readonly Listed[]) => sets.of(entries.toSorted((a, b) => a.row - b.row).map(({ app }) => app))
    domains.set(name, {
      itself: apps([...own.filter(({ pattern }) => pattern.itself), ...above.filter(({ pattern }) => pattern.below)]),
      below: apps([...own, ...above].filter(({ pattern }) => pattern.below)),
    })
  }
  return (name) => {
    const exact = domains.get(name)
    if (exact !== undefined) return exact.itself
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const parent = domains.get(name.slice(dot + 1))
      if (parent !== undefined) return parent.below
    }
    return sets.none
  }
}

function byAddress(facts: readonly AppFacts[], sets: AppSets): AppCatalogue['at'] {
  const map = new CidrMap(facts.flatMap(({ app, ranges }) => (ranges?.networks ?? []).map((network) => [network, app] as const)))
  const rows = new Map(facts.map(({ app }, row) => [app, row]))
  const inOrder = (apps: readonly App[]) => apps.toSorted((a, b) => (rows.get(a) ?? 0) - (rows.get(b) ?? 0))
  const known = new WeakMap<readonly App[], readonly App[]>()
  return (ip) => {
    const apps = map.get(ip)
    if (apps.length === 0) return sets.none
    const set = known.get(apps) ?? sets.of(inOrder(apps))
    known.set(apps, set)
    return set
  }
}

function byPort(facts: readonly AppFacts[], common: AppPorts, sets: AppSets): AppCatalogue['onPort'] {
  // Some thirty ranges are gone through sooner than a table of all ports is built.
  const rules = (network: keyof AppPorts) => facts.flatMap(({ app, ports }) => ports[network].map((range) => ({ ...range, app })))
  const listed = { tcp: rules('tcp'), udp: rules('udp') }
  return (network, port) => {
    if (network === 'other' || WEB_PORTS.includes(port) || common[network].some((range) => holds(range, port))) return sets.none
    const naming = listed[network].filter((range) => holds(range, port))
    if (naming.length === 0) return sets.none
    const apps = sets.of(naming.map(({ app }) => app))
    return apps.length > MOST_ON_ONE_PORT ? sets.none : apps
  }
}

const holds = ({ from, to }: PortRange, port: number): boolean => port >= from && port <= to
