/**
 * A compiled table as plain data: typed arrays and lists of words, so that it can be built in another thread, kept in
 * a file and used as it stands.
 */
import type { SourceInfo } from '../model/location.ts'
import { layOver } from './combinations.ts'
import { finestOf } from './finest.ts'
import { covered, overlay, type Ranges } from './ranges.ts'
import type { GeoSource, NamedAs, Place } from './source.ts'

/** One source of the table with what its numbers stand for; of an `asn` source that is `networks` of the whole. */
export interface TableSource {
  readonly info: SourceInfo
  /** For each number from 1 on. */
  readonly places: readonly Place[]
  /** For an `anycast` source, whose addresses they are, for each number from 1 on. */
  readonly owners: readonly string[]
  readonly coverage: Coverage
}

/** How much of the address space a source speaks of. */
export interface Coverage {
  /** Addresses. */
  readonly v4: number
  /** Networks of 48 bits. */
  readonly v6: number
}

/** Everything that a look-up reads. */
export interface TableData {
  readonly sources: readonly TableSource[]
  /** Number `n` of `networkOf` is the AS `asns[n - 1]` with the name `names[n - 1]`: two lists, since 90,000 objects would weigh more than the rest. */
  readonly asns: readonly number[]
  readonly names: readonly string[]
  /** Values are numbers of answers. */
  readonly v4: Ranges
  readonly v6: Ranges
  /** For each answer the number of its evidence, and of its network or 0. */
  readonly evidenceOf: Uint32Array
  readonly networkOf: Uint32Array
  /**
   * For each piece of evidence the numbers of all sources in their order (`DISOWNED` is added to an authority's outside
   * its ASes), then the voter that speaks of the narrowest network, as its place among the sources from 1 on, or 0
   * where voters do not differ.
   */
  readonly evidence: Uint32Array
  readonly warnings: readonly string[]
}

/** Added to the number of an authority that speaks outside its publisher's networks. */
export const DISOWNED = 0x8000_0000

/** Compiles the sources, in the given order, into one table. */
export function compile(sources: readonly GeoSource[]): TableData {
  const asSources = sources.filter(({ says }) => says.kind === 'networks')
  const placing = sources.filter(({ says }) => says.kind !== 'networks')
  const { networks, v4: networks4, v6: networks6 } = networksOf(asSources)
  const voters = placing.filter(({ info }) => info.role === 'voter')
  const finest = voters.length < 2 ? [] : [{ v4: finestOf(voters.map(({ v4 }) => v4)), v6: finestOf(voters.map(({ v6 }) => v6)) }]
  const laid = layOver([...placing, ...finest])
  const answers = new Answers(sources, placing, voters, laid.rows, networks)
  const v4 = overlay(laid.v4, networks4, (combination, network) => answers.number(combination, network))
  const v6 = overlay(laid.v6, networks6, (combination, network) => answers.number(combination, network))
  const asns = networks.map(({ asn }) => asn)
  const names = networks.map(({ name }) => name)
  return {
    sources: sources.map(tableSource),
    asns,
    names,
    v4,
    v6,
    ...answers.build(),
    warnings: sources.flatMap(({ warnings }) => warnings),
  }
}

function tableSource({ info, says, v4, v6 }: GeoSource): TableSource {
  return {
    info,
    places: says.kind === 'places' ? says.list : [],
    owners: says.kind === 'anycast' ? says.list : [],
    coverage: { v4: covered(v4), v6: Math.round(covered(v6)) },
  }
}

/** Whose network each address is: by the first `asn` source that says so. */
function networksOf(sources: readonly GeoSource[]): Pick<TableData, 'v4' | 'v6'> & { readonly networks: readonly NamedAs[] } {
  const laid = layOver(sources)
  const networks: NamedAs[] = []
  const numbers = new Map<number, number>()
  /** For each network the place of the source that named it. */
  const namedBy: number[] = []
  const numberOf = (combination: number): number => {
    for (const [i, { says }] of sources.entries()) {
      const value = laid.rows[combination * sources.length + i] ?? 0
      const named = says.kind === 'networks' ? says.list[value - 1] : undefined
      if (named === undefined) continue
      const known = numbers.get(named.asn)
      // One AS, one name: the first source's, also where only a later one speaks of it.
      if (known !== undefined && i < (namedBy[known - 1] ?? 0)) {
        networks[known - 1] = named
        namedBy[known - 1] = i
      }
      if (known !== undefined) return known
      networks.push(named)
      namedBy.push(i)
      numbers.set(named.asn, networks.length)
      return networks.length
    }
    return 0
  }
  const ofCombination = Uint32Array.from({ length: laid.count }, (_, combination) => numberOf(combination))
  const renumbered = (ranges: Ranges): Ranges => ({
    ...ranges,
    values: ranges.values.map((combination) => ofCombination[combination] ?? 0),
  })
  return { networks, v4: renumbered(laid.v4), v6: renumbered(laid.v6) }
}

/** Numbers what is said of an address: a piece of evidence and a network. */
class Answers {
  readonly #sources: readonly GeoSource[]
  readonly #rows: Uint32Array
  readonly #networks: readonly NamedAs[]
  /** Where each source of the table stands in a row, -1 for one that places nothing. */
  readonly #columns: readonly number[]
  readonly #width: number
  /** Places of the voters among the sources. */
  readonly #voters: readonly number[]
  /** For each combination, whether an authority speaks in it. */
  readonly #stated: Uint8Array
  readonly #evidenceNumbers = new Map<string, number>()
  readonly #evidence: number[] = []
  readonly #numbers = new Map<number, number>()
  readonly #answerNumbers = new Map<number, number>()
  readonly #evidenceOf: number[] = []
  readonly #networkOf: number[] = []

  constructor(
    sources: readonly GeoSource[],
    placing: readonly GeoSource[],
    voters: readonly GeoSource[],
    rows: Uint32Array,
    networks: readonly NamedAs[],
  ) {
    this.#sources = sources
    this.#rows = rows
    this.#networks = networks
    this.#columns = sources.map((source) => placing.indexOf(source))
    this.#width = placing.length + (voters.length < 2 ? 0 : 1)
    this.#voters = voters.map((voter) => sources.indexOf(voter))
    const authorities = placing.flatMap(({ info }, column) => (info.role === 'authority' ? [column] : []))
    const count = this.#width === 0 ? 1 : rows.length / this.#width
    this.#stated = Uint8Array.from({ length: count }, (_, combination) =>
      authorities.some((column) => rows[combination * this.#width + column] !== 0) ? 1 : 0,
    )
  }

  number(combination: number, network: number): number {
    const key = combination * 0x400_0000 + network
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.#answerNumber(this.#evidenceNumber(combination, network), network)
    this.#numbers.set(key, number)
    return number
  }

  /** Several combinations come to one piece of evidence where voters agree and only the finest of them is another. */
  #answerNumber(evidence: number, network: number): number {
    const key = evidence * 0x400_0000 + network
    const known = this.#answerNumbers.get(key)
    if (known !== undefined) return known
    const fresh = this.#evidenceOf.length
    this.#answerNumbers.set(key, fresh)
    this.#evidenceOf.push(evidence)
    this.#networkOf.push(network)
    return fresh
  }

  build(): Pick<TableData, 'evidence' | 'evidenceOf' | 'networkOf'> {
    return {
      evidence: Uint32Array.from(this.#evidence),
      evidenceOf: Uint32Array.from(this.#evidenceOf),
      networkOf: Uint32Array.from(this.#networkOf),
    }
  }

  #evidenceNumber(combination: number, network: number): number {
    // Only where an authority speaks does the evidence depend on the network.
    const asn = this.#stated[combination] === 1 ? (this.#networks[network - 1]?.asn ?? 0) : 0
    const row = this.#columns.map((column, i) => {
      const value = column < 0 ? 0 : (this.#rows[combination * this.#width + column] ?? 0)
      const source = this.#sources[i]
      const disowned = value !== 0 && source?.info.role === 'authority' && !source.speaksIn.has(asn)
      return disowned ? value + DISOWNED : value
    })
    row.push(this.#finest(combination, row))
    const key = row.join()
    const known = this.#evidenceNumbers.get(key)
    if (known !== undefined) return known
    const fresh = this.#evidenceNumbers.size
    this.#evidenceNumbers.set(key, fresh)
    this.#evidence.push(...row)
    return fresh
  }

  /** Nothing is told apart by what makes no difference. */
  #finest(combination: number, row: readonly number[]): number {
    // By countries: each source numbers its places in its own way.
    const said = this.#voters.flatMap((voter) => {
      const says = this.#sources[voter]?.says
      return says?.kind === 'places' ? (says.list[(row[voter] ?? 0) - 1]?.country ?? []) : []
    })
    if (said.every((country) => country === said[0])) return 0
    const finest = this.#rows[(combination + 1) * this.#width - 1] ?? 0
    return (this.#voters[finest - 1] ?? -1) + 1
  }
}
