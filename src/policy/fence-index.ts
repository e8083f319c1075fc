/**
 * Fences filed by what their traffic is, so that a policy of thousands of lines costs a flow no more than a short one.
 * A fence stands under one key, since all keys of its traffic must match; one without such a key may always apply.
 */
import { type Cidr, isCidr, parseCidr } from '../model/cidr.ts'
import { CidrMap } from '../model/cidr-set.ts'
import type { Facts } from '../model/facts.ts'
import type { KnownName } from '../model/flow.ts'
import { patternOf } from '../model/host-pattern.ts'
import { HostMap } from '../model/host-set.ts'
import type { MatcherName } from './matchers/index.ts'
import type { Fence } from './policy.ts'

export interface FenceIndex {
  /** All fences whose traffic can match, and few others, in the order of the policy. */
  mayApply(facts: Facts): readonly Fence[]
}

/** Places of fences in the policy. */
type Places = readonly number[]

/** A value of a key, in canonical form, and the place of a fence that names it. */
type Filed = readonly (readonly [value: string, place: number])[]

/** The places of fences that name a value which these facts meet; `null` while a fact that is still to come could meet one. */
type LookUp = (facts: Facts) => Places | null

/** The keys that fences are filed by. Of several the first counts: those that tell most fences from each other come first. */
const keys = {
  host(filed: Filed): LookUp {
    const map = new HostMap(filed.map(([value, place]) => [patternOf(value), place]))
    const placesOf = ({ name }: KnownName) => map.get(name)
    return (facts) => (areNamesFinal(facts) ? gather(facts.names, placesOf) : null)
  },
  cidr(filed: Filed): LookUp {
    const map = networkMap(filed)
    return ({ address }) => (address === undefined ? null : map.get(address))
  },
  client(filed: Filed): LookUp {
    const map = networkMap(filed)
    return ({ client }) => map.get(client)
  },
  app: byWord((facts) => (areAppsFinal(facts) ? facts.apps.map(({ app }) => app.id) : null)),
  category: byWord((facts) => (areAppsFinal(facts) ? facts.apps.flatMap(({ app }) => app.categories) : null)),
  user: byWord(({ who }) => [who.name]),
  group: byWord(({ who }) => who.groups),
  inbound: byWord(({ inbound }) => [inbound]),
} satisfies { readonly [Name in MatcherName]?: (filed: Filed) => LookUp }

/** Whether no name is missing and none may be any. */
const areNamesFinal = ({ namesFinal, anyName }: Facts): boolean => namesFinal && !anyName

/** An app is told by names and by the address. */
const areAppsFinal = (facts: Facts): boolean => areNamesFinal(facts) && facts.address !== undefined

function networkMap(filed: Filed): CidrMap<number> {
  const read = filed.map(([value, place]) => [parseCidr(value), place] as const)
  return new CidrMap(read.filter((each): each is readonly [Cidr, number] => isCidr(each[0])))
}

function byWord(wordsOf: (facts: Facts) => readonly string[] | null): (filed: Filed) => LookUp {
  return (filed) => {
    const map = new Map<string, number[]>()
    for (const [word, place] of filed) {
      const places = map.get(word)
      if (places === undefined) map.set(word, [place])
      else places.push(place)
    }
    const placesOf = (word: string) => map.get(word) ?? none
    return (facts) => {
      const words = wordsOf(facts)
      return words && gather(words, placesOf)
    }
  }
}

const none: Places = []

function gather<T>(items: readonly T[], placesOf: (item: T) => Places): Places {
  let found = none
  for (const item of items) found = joined(found, placesOf(item))
  return found
}

/** Most often one of them is empty, so that nothing is copied. */
const joined = (a: Places, b: Places): Places => (a.length === 0 ? b : b.length === 0 ? a : [...a, ...b])

/** The fences that are filed under one key. */
interface Shelf {
  readonly lookUp: LookUp
  readonly places: Places
}

export function createFenceIndex(fences: readonly Fence[]): FenceIndex {
  const shelves = shelvesOf(fences)
  const filed = new Set(shelves.flatMap(({ places }) => places))
  /** What may apply whatever is found on the others, by the shelves that wait for a fact, one bit each. */
  const waiting = new Map<number, { readonly places: Places; readonly fences: readonly Fence[] }>()
  const pick = (places: Places) => places.flatMap((place) => fences[place] ?? [])

  const whileWaiting = (bits: number) => {
    const known = waiting.get(bits)
    if (known !== undefined) return known
    const open = new Set(shelves.flatMap(({ places }, i) => ((bits >> i) & 1 ? places : [])))
    const places = [...fences.keys()].filter((place) => !filed.has(place) || open.has(place))
    const made = { places, fences: pick(places) }
    waiting.set(bits, made)
    return made
  }

  return {
    mayApply(facts) {
      let bits = 0
      let found = none
      let bit = 1
      for (const { lookUp } of shelves) {
        const places = lookUp(facts)
        if (places === null) bits |= bit
        else found = joined(found, places)
        bit <<= 1
      }
      const others = whileWaiting(bits)
      return found.length === 0 ? others.fences : pick(inOrder(others.places, found))
    },
  }
}

function shelvesOf(fences: readonly Fence[]): readonly Shelf[] {
  const names = Object.keys(keys) as readonly (keyof typeof keys)[]
  const terms = fences.map(({ traffic }) => names.flatMap((key) => traffic.find(({ name }) => name === key) ?? [])[0])
  return names.flatMap((key) => {
    const filed = terms.flatMap((term, place) =>
      term?.name === key ? term.matcher.document.map((value) => [String(value), place] as const) : [],
    )
    return filed.length === 0 ? [] : [{ lookUp: keys[key](filed), places: [...new Set(filed.map(([, place]) => place))] }]
  })
}

/** `sorted` is in order already; of `more` some may stand there several times. */
function inOrder(sorted: Places, more: Places): Places {
  const all: number[] = []
  let next = 0
  for (const place of more.length > 1 ? more.toSorted((a, b) => a - b) : more) {
    for (let other = sorted[next]; other !== undefined && other < place; other = sorted[++next]) all.push(other)
    if (all.at(-1) !== place) all.push(place)
  }
  for (let other = sorted[next]; other !== undefined; other = sorted[++next]) all.push(other)
  return all
}
