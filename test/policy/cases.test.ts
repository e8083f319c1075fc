/** Cases in the language of the people who write policies: `cases/*.yaml`. What a case may say is the schema below. */

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { noApps } from '../../src/model/app.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Flow, FlowId, KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { judgedAddresses } from '../../src/model/scope.ts'
import { decide, decideEarly, isOpen } from '../../src/pipeline/decide.ts'
import { factsAbout, identify, whenNamesEnd } from '../../src/pipeline/identify.ts'
import type { Located } from '../../src/pipeline/locate.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { explain } from '../../src/policy/explain.ts'
import { claimed, endpoint, hostname, ip, placed, policy } from './words.ts'

const effect = z.enum(['allow', 'log', 'block'])

const caseSchema = z.strictObject({
  description: z.string(),
  /** Laid over the policy of the file, key by key; a key without a value takes the file's away. */
  policy: z.record(z.string(), z.unknown()).default({}),
  flow: z.strictObject({
    asked: z.string(),
    network: z.enum(['tcp', 'udp', 'other']).default('tcp'),
    client: z.string().default('192.0.2.10'),
    inbound: z.string().default('mixed'),
    at: z.string().default('2026-11-01T12:00:00Z'),
    /** Address → what each source says, or the word `anycast` beside it. Without any, nothing was looked up yet. */
    addresses: z.record(z.string(), z.looseObject({ anycast: z.boolean().optional() })).default({}),
    /** Names that the client claims, and the addresses that Ringfence's own look-up of them found. */
    claims: z.record(z.string(), z.array(z.string())).default({}),
    /** `open`: more names may come. */
    names: z.enum(['open', 'final']).default('final'),
  }),
  want: z.strictObject({
    verdict: effect.optional(),
    would: z.enum(['allow', 'log', 'steer', 'block']).optional(),
    /** Fence → "outcome effect", at the first address. */
    fences: z.record(z.string(), z.string()).optional(),
    /** What is dialled, in order. */
    dials: z.array(z.string()).optional(),
    sentence: z.string().optional(),
    /** Before the look-up: the mildest and the severest effect that may come of it. */
    early: z.tuple([effect, effect]).optional(),
    /** Whether the first bytes must be read before the flow can be judged. */
    open: z.boolean().optional(),
  }),
})

const fileSchema = z.strictObject({ policy: z.record(z.string(), z.unknown()), cases: z.array(caseSchema).min(1) })

type Case = z.infer<typeof caseSchema>

const folder = path.join(import.meta.dirname, 'cases')

for (const file of fs.readdirSync(folder)) {
  const shared = fileSchema.parse(parse(fs.readFileSync(path.join(folder, file), 'utf8')))
  describe(file.replace(/\.yaml$/, ''), () => {
    for (const one of shared.cases) test(one.description, () => expect(outcomeOf(one, shared.policy)).toEqual(one.want))
  })
}

/** What happens in a case, as far as the case asks. */
function outcomeOf(one: Case, shared: Readonly<Record<string, unknown>>): Case['want'] {
  const written = Object.entries({ ...shared, ...one.policy }).filter(([, value]) => value !== null)
  const compiled = policy(Object.fromEntries(written))
  const { flow, claims } = flowOf(one)
  const asked = identify(flow, flow.openedAt, noApps)
  const known = { ...asked, names: [...asked.names, ...claims] }
  const facts = one.flow.names === 'open' ? known : whenNamesEnd(known)
  const located = Object.entries(one.flow.addresses).map(([address, said]) => locatedAt(address, said))
  const refusals = { deniedPorts: [], localNames: [hostname('internal')], ownDoors: { has: () => false } }
  const decision = located.length === 0 ? decideEarly(compiled, facts) : decide(compiled, facts, located, flow, refusals)
  const span = evaluate(compiled, factsAbout(facts, undefined))
  const fences = decision?.candidates[0]?.fences ?? span.fences
  const told: Case['want'] = {
    verdict: decision?.verdict.kind,
    would: decision?.verdict.would,
    fences: Object.fromEntries(fences.map((fence) => [fence.fence, `${fence.outcome} ${fence.effect}`])),
    dials: decision?.kind === 'dial' ? decision.pinned.map(({ host }) => host) : [],
    sentence: decision === null ? undefined : explain(decision, flow.asked, compiled),
    early: [span.low, span.high],
    open: isOpen(compiled, facts, located, flow, refusals),
  }
  return Object.fromEntries(Object.entries(told).filter(([key]) => key in one.want))
}

function flowOf({ flow }: Case): { flow: Flow; claims: readonly KnownName[] } {
  const openedAt = Date.parse(flow.at)
  const client = { host: ip(flow.client), port: 50_000 }
  const claims = Object.entries(flow.claims).map(([name, provedAt]) => claimed(name, provedAt))
  const { network, inbound } = flow
  return { flow: { id: 'a-flow' as FlowId, openedAt, inbound, network, client, who: anonymous, asked: endpoint(flow.asked) }, claims }
}

function locatedAt(address: string, { anycast, ...said }: { anycast?: boolean | undefined; [source: string]: unknown }): Located {
  const answers = z.record(z.string(), z.string().nullable()).parse(said)
  const locations = judgedAddresses(ip(address)).map((judged) => placed(judged, answers, anycast ?? false))
  if (!isNonEmpty(locations)) throw new Error('an address stands for at least itself')
  return { ip: ip(address), locations }
}
