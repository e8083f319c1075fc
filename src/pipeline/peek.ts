/**
 * What the client's first bytes claim: the server name of a ClientHello, the Host of a request. A claim can make a
 * fence apply; it opens an exception only where Ringfence's own look-up of the name contains the address.
 */
import type { KnownName } from '../model/flow.ts'
import { judgedAddresses } from '../model/scope.ts'
import { type Policy, readsNames } from '../policy/policy.ts'
import { createSniffer, type Sniffed } from '../wire/sniff.ts'
import { type Known, proveAt, whenNamesEnd } from './identify.ts'
import type { FirstBytes, Resolver } from './ports.ts'

/** How long the first bytes are held for at most: servers that speak first (SSH, SMTP) make their clients wait this long. */
export const PEEK_MS = 300

/** How long the look-up may take that proves a claimed name; only an exception by host asks for one. */
const PROOF_MS = 2_000

/** Holds the first bytes and adds what they claim. Names stay open where the time was over before they could be told. */
export async function peek(firstBytes: FirstBytes, known: Known, policy: Policy, resolver: Resolver, signal: AbortSignal): Promise<Known> {
  const sniffer = createSniffer()
  let sniffed = sniffer.push(NOTHING)
  await firstBytes.hold((fresh) => {
    sniffed = sniffer.push(fresh)
    return sniffed.kind === 'known'
  }, PEEK_MS)
  signal.throwIfAborted()
  if (sniffed.kind === 'need-more') return known
  const more = whenNamesEnd(await withClaims(known, sniffed, policy, resolver))
  signal.throwIfAborted()
  return more
}

/** Learns names in passing; `learnt` is called once, and only if there is anything to learn. */
export function watch(firstBytes: FirstBytes, known: Known, learnt: (claims: Claims) => void): void {
  const sniffer = createSniffer()
  firstBytes.watch((fresh) => {
    const sniffed = sniffer.push(fresh)
    if (sniffed.kind === 'need-more') return false
    if (sniffed.hidden || sniffed.names.some(({ name }) => !isKnown(known, name))) learnt(sniffed)
    return true
  })
}

/** What the first bytes say of the name that they are for. `hidden`: they look as if they named one, but it cannot be read. */
export type Claims = Pick<Extract<Sniffed, { kind: 'known' }>, 'names' | 'hidden'>

/** Adds claims to what is known, proved as far as Ringfence's own look-ups prove them, whether or not the client stays that long. */
export async function withClaims(known: Known, { names, hidden }: Claims, policy: Policy, resolver: Resolver): Promise<Known> {
  const fresh = names.filter(({ name }) => !isKnown(known, name)).map(({ name, origin }): KnownName => ({ name, origin, provedAt: null }))
  const proved = asksForProof(policy) ? await Promise.all(fresh.map((claim) => prove(claim, resolver))) : fresh
  return { ...known, names: [...known.names, ...proved], anyName: known.anyName || hidden }
}

const isKnown = (known: Known, name: string): boolean => known.names.some((other) => other.name === name)

async function prove(claim: KnownName, resolver: Resolver): Promise<KnownName> {
  try {
    const addresses = await resolver.resolve(claim.name, AbortSignal.timeout(PROOF_MS))
    return proveAt(
      claim,
      addresses.flatMap((ip) => [...judgedAddresses(ip)]),
    )
  } catch {
    // No look-up, no proof: the claim then opens nothing, which is the safe side.
    return claim
  }
}

/** Only an exception that reads names asks for proof; without one a look-up would be spent for nothing. */
const asksForProof = (policy: Policy): boolean =>
  policy.fences.some(({ exceptions }) => exceptions.some(({ traffic }) => readsNames(traffic)))

const NOTHING = new Uint8Array(0)
