/** Cases in the language of the people who write policies: `cases/*.yaml`. What a case may say is the schema below. */

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Flow, FlowId, KnownName } from '../../src/model/flow.ts'
import { anonymous, type Identity } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import { judgedAddresses } from '../../src/model/scope.ts'
import type { FenceOutcome } from '../../src/model/verdict.ts'
import { decide, decideEarly, isOpen } from '../../src/pipeline/decide.ts'
import { factsAbout, identify, whenNamesEnd, withNames } from '../../src/pipeline/identify.ts'
import type { Located } from '../../src/pipeline/locate.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { explain } from '../../src/policy/explain.ts'
import { madeUpApps } from './made-up.ts'
import { claimed, country, endpoint, hostname, ip, placed, policy, someGroups } from './words.ts'

const effect = z.enum(['allow', 'log', 'block'])

const place = z.looseObject({
  anycast: z.boolean().default(false),
  /** Where the block is registered. */
  registry: z.string().nullable().default(null),
  /** The home of the network's firm; `null`: the firm is not listed; not said: no network is known. */
  network: z.string().nullable().optional(),
  /** Without a table of places there is nobody to ask. */
  located: z.boolean().default(true),
})

const caseSchema = z.strictObject({
  description: z.string(),
  /** Laid over the policy of the file, key by key; a key without a value takes the file's away. */
  policy: z.record(z.string(), z.unknown()).default({}),
  flow: z.strictObject({
    asked: z.string(),
    network: z.enum(['tcp', 'udp', 'other']).default('tcp'),
    client: z.string().default('192.0.2.10'),
    /** Who logged in; without a name nobody did, and the groups are those of the client's network. */
    who: z.strictObject({ user: z.string().optional(), groups: z.array(z.string()).default([]) }).optional(),
    inbound: z.string().default('mixed'),
    at: z.string().default('2026-11-01T12:00:00Z'),
    /** Address → what each source says, and beside it the words of `place`. Without any, nothing was looked up yet. */
    addresses: z.record(z.string(), place).default({}),
    /** Names that the client claims, and the addresses that Ringfence's own look-up of them found. */
    claims: z.record(z.string(), z.array(z.string())).default({}),
    /** `open`: more names may come. */
    names: z.enum(['open', 'final']).default('final'),
    /** The first bytes hide the name that they are for. */
    any_name: z.boolean().default(false),
  }),
  want: z.strictObject({
    verdict: effect.optional(),
    would: z.enum(['allow', 'log', 'steer', 'block']).optional(),
    /** Fence → "outcome effect", at the first address; of an axis other than the server's, with "by axis". */
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
  const compiled = policy(Object.fromEntries(written), { apps: madeUpApps, groups: someGroups })
  const { flow, claims } = flowOf(one)
  const asked = identify(flow, flow.openedAt, madeUpApps)
  const known = { ...withNames(asked, [...asked.names, ...claims]), anyName: one.flow.any_name }
  const facts = one.flow.names === 'open' ? known : whenNamesEnd(known)
  const located = Object.entries(one.flow.addresses).map(([address, said]) => locatedAt(address, said))
  const refusals = { deniedPorts: [], localNames: [hostname('internal')], ownDoors: { has: () => false } }
  const decision = located.length === 0 ? decideEarly(compiled, facts) : decide(compiled, facts, located, flow, refusals)
  const span = evaluate(compiled, factsAbout(facts, undefined))
  const outcomes = decision?.candidates[0]?.fences ?? span.fences
  // The judge may leave out a fence that is over other traffic.
  const fences = compiled.fences.map(({ name }) => outcomes.find(({ fence }) => fence === name) ?? notApplied(name))
  const told: Case['want'] = {
    verdict: decision?.verdict.kind,
    would: decision?.verdict.would,
    fences: Object.fromEntries(fences.map((outcome) => [outcome.fence, tellOutcome(outcome)])),
    dials: decision?.kind === 'dial' ? decision.pinned.map(({ host }) => host) : [],
    sentence: decision === null ? undefined : explain(decision, flow.asked, compiled),
    early: [span.low, span.high],
    open: isOpen(compiled, facts, located, flow, refusals),
  }
  return Object.fromEntries(Object.entries(told).filter(([key]) => key in one.want))
}

const tellOutcome = ({ outcome, effect, axis }: FenceOutcome): string =>
  `${outcome} ${effect}${axis === undefined || outcome === 'not-applied' ? '' : ` by ${axis}`}`

const notApplied = (fence: string): FenceOutcome => ({ fence, outcome: 'not-applied', effect: 'allow' })

function flowOf({ flow }: Case): { flow: Flow; claims: readonly KnownName[] } {
  const openedAt = Date.parse(flow.at)
  const client = { host: ip(flow.client), port: 50_000 }
  const claims = Object.entries(flow.claims).map(([name, provedAt]) => claimed(name, provedAt))
  const { network, inbound, who } = flow
  const groups = who?.groups ?? []
  const identity: Identity = who?.user === undefined ? { ...anonymous, groups } : { name: who.user, groups, by: 'password' }
  return { flow: { id: 'a-flow' as FlowId, openedAt, inbound, network, client, who: identity, asked: endpoint(flow.asked) }, claims }
}

function locatedAt(address: string, { anycast, registry, network, located, ...said }: z.infer<typeof place>): Located {
  const answers = z.record(z.string(), z.string().nullable()).parse(said)
  const beside: Pick<Location, 'registry' | 'network' | 'located'> = {
    registry: registry === null ? null : country(registry),
    network: network === undefined ? null : { asn: 64_496, name: 'a network', company: network === null ? null : firm(network) },
    located,
  }
  const locations = judgedAddresses(ip(address)).map((judged) => ({ ...placed(judged, answers, anycast), ...beside }))
  if (!isNonEmpty(locations)) throw new Error('an address stands for at least itself')
  return { ip: ip(address), locations }
}

const firm = (home: string) => ({ name: 'a firm', home: country(home), contested: null })
