/** Prints, as JSON, what the embedded table costs in a process that has nothing else: ms for a build and from the cache, MB of memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shippedCompanies } from '../../dist/config/companies.js'
import { openTable, planSources } from '../../dist/geoip/index.js'

const cache = mkdtempSync(join(tmpdir(), 'ringfence-bench-'))
const companies = shippedCompanies()
companies.ofAsn(0)
const open = async () => {
  const started = performance.now()
  const table = await openTable(await planSources([{ type: 'embedded' }]), { companies, cache })
  return { table, ms: performance.now() - started }
}
const cold = (await open()).ms
const cached = []
for (let i = 0; i < 5; i++) cached.push((await open()).ms)

const inUse = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}
const before = await inUse()
const { table } = await open()
const loaded = (await inUse()) - before
let state = 1
for (let i = 0; i < 1_000_000; i++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  table.lookup4(state)
}
const used = (await inUse()) - before
if (table.size.bytes === 0) throw new Error('an empty table')
rmSync(cache, { recursive: true })
console.log(
  JSON.stringify({
    cold: Math.round(cold),
    cached: Math.round(cached.sort((a, b) => a - b)[2]),
    loaded: Math.round(loaded),
    used: Math.round(used),
  }),
)
