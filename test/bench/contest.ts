/** How contestants are measured: by turns, in another order each time, so that whatever else the machine does slows all; then medians. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchTable, median } from './bench.ts'
import { type Contestant, cpuSeconds } from './proxies.ts'

export const RUNS = 5
export const RUN_MS = 800
const WARM_MS = 150
/** Runs before those that count: half the contestants are compiled while they run, and a proxy runs for weeks. */
const COLD_RUNS = 3

/** What one contestant showed in one run. */
export type Figures = Readonly<Record<string, number>>

/** All figures of all runs, by contestant. */
export type Results = ReadonlyMap<string, readonly Figures[]>

export async function interleave(
  contestants: readonly Contestant[],
  measure: (contestant: Contestant) => Promise<Figures>,
): Promise<Results> {
  const results = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]))
  for (let round = 0; round < COLD_RUNS + RUNS; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length]!
      const figures = await measure(contestant)
      if (round >= COLD_RUNS) results.get(contestant.name)!.push(figures)
    }
  }
  return results
}

/** Lets the load run for a while, warm first; units per second, and CPU seconds of the proxy per unit. */
export async function observe(
  { pid }: Contestant,
  count: () => number,
): Promise<{ readonly perSecond: number; readonly cpuPerUnit: number }> {
  await sleep(WARM_MS)
  const cpu = pid === null ? 0 : cpuSeconds(pid)
  const units = count()
  const started = performance.now()
  await sleep(RUN_MS)
  const done = count() - units
  const seconds = (performance.now() - started) / 1000
  return { perSecond: done / seconds, cpuPerUnit: pid === null ? Number.NaN : (cpuSeconds(pid) - cpu) / done }
}

/** The median of one figure of one contestant. */
export const medianOf = (results: Results, name: string, figure: string): number =>
  median((results.get(name) ?? []).map((figures) => figures[figure] ?? Number.NaN))

/** One row for each other contestant: Ringfence's median beside the other's. */
export function rowsAgainst(results: Results, what: string, figure: string, unit: string, ours = 'ringfence'): BenchTable['rows'] {
  const own = medianOf(results, ours, figure)
  const label = ours === 'ringfence' ? what : `${what}, ${ours}`
  return [...results.keys()]
    .filter((name) => name !== ours && !Number.isNaN(medianOf(results, name, figure)))
    .map((name) => {
      const theirs = medianOf(results, name, figure)
      return [`${label} / ${name}`, own, theirs, own / theirs, unit] as const
    })
}

/** A row that says so for each peer that this machine lacks. */
export const rowsMissing = (missing: readonly string[]): BenchTable['rows'] =>
  missing.map((name) => [`SKIPPED: ${name} is not installed`, Number.NaN, Number.NaN, Number.NaN, ''] as const)
