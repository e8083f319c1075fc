/** Made-up decisions: candidates as a policy judged them, of which a test says only what it is about. */
import type { CountryCode } from '../../../../src/model/country.ts'
import type { Location } from '../../../../src/model/location.ts'
import type { Candidate, Decision, Effect, RefusalCode } from '../../../../src/model/verdict.ts'
import { type FlowRecord, recordOf } from '../../../../src/records/record.ts'
import { decided, NOON } from '../../../records/made-up.ts'
import { ip } from '../../../support/fake-ports.ts'

interface Judged {
  readonly at?: string
  readonly in?: readonly string[]
  /** Fence → its effect. */
  readonly fences?: Readonly<Record<string, Effect>>
  readonly local?: Effect
  readonly refusal?: RefusalCode
  readonly change?: Partial<Location>
}

const order: readonly Effect[] = ['allow', 'log', 'block']

export function judged({ at = '8.8.8.8', in: possible = ['US'], fences = {}, local, refusal, change }: Judged = {}): Candidate {
  const effects = [...Object.values(fences), local ?? 'allow']
  const codes = possible as readonly CountryCode[]
  return {
    ip: ip(at),
    locations: [
      {
        ip: ip(at),
        scope: 'global',
        answers: [],
        possible: codes,
        best: codes[0] ?? null,
        stated: null,
        registry: null,
        anycast: false,
        network: null,
        located: true,
        ...change,
      },
    ],
    apps: [],
    fences: Object.entries(fences).map(([fence, effect]) => ({ fence, outcome: effect === 'allow' ? 'satisfied' : 'violated', effect })),
    localNetwork: local ?? null,
    effect: order.findLast((effect) => effects.includes(effect)) ?? 'allow',
    refusal: refusal ?? null,
    permitted: refusal === undefined,
  }
}

export const decision = (...candidates: readonly Candidate[]): Decision => ({
  kind: 'refuse',
  verdict: { kind: 'allow', mode: 'observe', would: 'allow', reasons: [] },
  candidates,
})

export function record(id: string, seq: number, personal: Parameters<typeof decided>[1] = {}): FlowRecord {
  const made = recordOf({ decided: { v: 1, seq, time: new Date(NOON + seq * 1_000).toISOString(), node: 'n', ...decided(id, personal) } })
  if (made === null) throw new Error('no record')
  return made
}

/** Flows to as many destinations, allowed by A and blocked by B. */
export const changedFlows = (n: number) =>
  Array.from({ length: n }, (_, i) => ({
    record: record(`f${i}`, i + 1, { personal: { asked: `n${i}.example` } }),
    a: decision(judged()),
    b: decision(judged({ fences: { f: 'block' } })),
  }))
