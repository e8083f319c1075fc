/** What the rows of the app catalogue claim against each other: words and domains that two apps have. */
import type { HostPattern } from '../model/host-pattern.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from '../policy/path.ts'
import type { AppFacts } from './app-facts.ts'

/** A row that could be read, and where it stands. */
export interface PlacedApp {
  readonly facts: AppFacts
  readonly at: Path
}

/** `unread`: ids of rows with faults of shape, of which nothing is known but that they are there. */
export function checkClaims(apps: readonly PlacedApp[], unread: readonly unknown[], report: Report): void {
  checkWords(apps, report)
  checkPartners(apps, unread, report)
  checkDomains(apps, report)
}

/** Ids and aliases are words of one kind: each finds one app. */
function checkWords(apps: readonly PlacedApp[], report: Report): void {
  const owners = new Map<string, AppFacts>()
  const claim = (word: string, facts: AppFacts, at: Path) => {
    const owner = owners.get(word)
    if (owner === undefined) owners.set(word, facts)
    else report(at, `"${word}" stands for ${owner.app.name} already`)
  }
  // Ids first: an alias that is the id of a later app is the one at fault.
  for (const { facts, at } of apps) claim(facts.app.id, facts, [...at, 'id'])
  for (const { facts, at } of apps) for (const [i, alias] of facts.aliases.entries()) claim(alias, facts, [...at, 'aliases', i])
}

function checkPartners(apps: readonly PlacedApp[], unread: readonly unknown[], report: Report): void {
  const byId = new Map(apps.map(({ facts }) => [facts.app.id, facts]))
  for (const { facts, at } of apps) {
    for (const [i, id] of facts.togetherWith.entries()) {
      if (unread.includes(id)) continue
      const partner = byId.get(id)
      const fault = (message: string) => report([...at, 'together_with', i], message)
      if (partner === undefined) fault(`"${printable(id)}" is no app of this file${didYouMean(id, byId.keys())}`)
      else if (partner === facts) fault(`"${id}" is this app itself`)
      else if (!partner.togetherWith.includes(facts.app.id)) fault(`"${id}" must say in turn that it goes together with "${facts.app.id}"`)
    }
  }
}

interface Claim {
  readonly facts: AppFacts
  readonly pattern: HostPattern
  /** In the order of the file. */
  readonly row: number
}

/** Told of the narrower of two patterns, or of the later of two equal ones. */
function checkDomains(apps: readonly PlacedApp[], report: Report): void {
  const rows = apps.map(({ facts }, row) => facts.domains.map((pattern): Claim => ({ facts, pattern, row })))
  const claims = new Map<string, Claim[]>()
  for (const claim of rows.flat()) {
    const others = claims.get(claim.pattern.name)
    if (others === undefined) claims.set(claim.pattern.name, [claim])
    else others.push(claim)
  }
  for (const [row, { facts, at }] of apps.entries()) {
    for (const claim of rows[row] ?? []) {
      const { name } = claim.pattern
      const rival = [name, ...domainsAbove(name)]
        .flatMap((domain) => claims.get(domain) ?? [])
        .find((other) => other.facts !== facts && !facts.togetherWith.includes(other.facts.app.id) && overlaps(claim, other))
      if (rival === undefined) continue
      const owner = rival.facts.app.name
      report([...at, 'domains'], `"${name}" belongs to ${owner} already; apps that share domains say so with "together_with"`)
    }
  }
}

const overlaps = (mine: Claim, other: Claim): boolean => {
  if (mine.pattern.name !== other.pattern.name) return other.pattern.below
  const both = (mine.pattern.itself && other.pattern.itself) || (mine.pattern.below && other.pattern.below)
  return both && other.row < mine.row
}

/** Each domain that a name lies below, the nearest first. */
export const domainsAbove = (name: string): readonly string[] =>
  name
    .split('.')
    .map((_, i, labels) => labels.slice(i).join('.'))
    .slice(1)
