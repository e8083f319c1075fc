/** How many may come in, from the settings and from what this machine has: `limits: { connections, per_client, memory_mb }`. */
import { totalmem } from 'node:os'
import v8 from 'node:v8'
import type { Logger } from 'pino'
import { Admission } from '../inbound/admission.ts'
import { type Ceiling, MemoryCeiling } from '../inbound/memory-ceiling.ts'
import { type Counts, TurnedAway, type Why } from '../inbound/turned-away.ts'
import { connectionsFor, descriptorLimit } from './descriptors.ts'
import type { Settings } from './settings.ts'

/** Of what is there, so much may be used before nobody more is let in. */
const SHARE = 0.8

/** What V8 adds to the limit of the old generation for the young one, which does not overflow. */
const YOUNG_BYTES = 48 * 1_048_576

export function admissionFor({ limits }: Pick<Settings, 'limits'>, monotonic: () => number, log: Pick<Logger, 'warn'>): Admission {
  const descriptors = descriptorLimit()
  const ample = connectionsFor(descriptors)
  const connections = limits.connections === 'auto' ? ample : limits.connections
  if (connections > ample)
    log.warn(`limits.connections is ${connections}, and ${descriptors} descriptors (ulimit -n) are enough for ${ample}`)
  const { perClient, perLoopbackClient } = limits
  const tell = (counts: Counts) => log.warn({ turned_away: counts }, sentenceOn(counts, { ...limits, connections }))
  const memory = new MemoryCeiling(ceilingFor(limits.memory), monotonic)
  return new Admission({ connections, perClient, perLoopbackClient }, memory, new TurnedAway(tell))
}

export function ceilingFor(memory: number | 'auto'): Ceiling {
  const heap = (v8.getHeapStatistics().heap_size_limit - YOUNG_BYTES) * SHARE
  // Where nothing is set, the system names a number beyond all memory.
  const machine = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem())
  return { heap, resident: memory === 'auto' ? machine * SHARE : memory }
}

/** Told once a minute. */
export function sentenceOn(
  counts: Counts,
  { connections, perClient }: { readonly connections: number; readonly perClient: number },
): string {
  const reasons: Readonly<Record<Why, string>> = {
    connections: `of all doors, limits.connections being ${connections}`,
    client: `of one client, limits.per_client being ${perClient}`,
    memory: 'for want of memory',
    descriptors: 'for want of descriptors (ulimit -n)',
  }
  const whys: readonly Why[] = ['connections', 'client', 'memory', 'descriptors']
  const told = whys.flatMap((why) => (counts[why] === undefined ? [] : [`${counts[why]} ${reasons[why]}`]))
  return `connections turned away: ${told.join('; ')}`
}
