/**
 * What the client's first bytes claim: the server name of a ClientHello, the Host of a request. A claim can make a
 * fence apply; it opens an exception only where Ringfence's own look-up of the name contains the address.
 */
import type { KnownName } from '../model/flow.ts'
import { judgedAddresses } from '../model/scope.ts'
import type { Policy } from '../policy/policy.ts'
import { sniff } from '../wire/sniff.ts'
import { type Known, proveAt, whenNamesEnd } from './identify.ts'
import type { FirstBytes, Resolver } from './ports.ts'

/** How long the first bytes are held for at most: servers that speak first (SSH, SMTP) make their clients wait this long. */
export const PEEK_MS = 300

/** How long the look-up may take that proves a claimed name; only an exception by host asks for one. */
const PROOF_MS = 2_000

/** Holds the first bytes and adds what they claim. Names stay open where the time was over before they could be told. */
export async function peek(firstBytes: FirstBytes, known: Known, policy: Policy, resolver: Resolver, signal: AbortSignal): Promise<Known> {
  const bytes = await firstBytes.hold((held) => sniff(held).kind === 'known', PEEK_MS)
  signal.throwIfAborted()
  const more = await withClaims(known, claimsIn(bytes), policy, resolver)
  signal.throwIfAborted()
  return sniff(bytes).kind === 'known' ? whenNamesEnd(more) : more
}

/** Learns names in passing; `learnt` is called once, and only if there are any. */
export function watch(firstBytes: FirstBytes, known: Known, learnt: (names: readonly KnownName[]) => void): void {
  firstBytes.watch((bytes) => {
    const sniffed = sniff(bytes)
    if (sniffed.kind === 'need-more') return false
    const fresh = claimsIn(bytes).filter(({ name }) => !known.names.some((other) => other.name === name))
    if (fresh.length > 0) learnt(fresh)
    return true
  })
}

/** Adds claimed names to what is known, proved as far as Ringfence's own look-ups prove them, whether or not the client stays that long. */
export async function withClaims(known: Known, claims: readonly KnownName[], policy: Policy, resolver: Resolver): Promise<Known> {
  const fresh = claims.filter(({ name }) => !known.names.some((other) => other.name === name))
  if (fresh.length === 0) return known
  const proved = readsHostProof(policy) ? await Promise.all(fresh.map((claim) => prove(claim, resolver))) : fresh
  return { ...known, names: [...known.names, ...proved] }
}

function claimsIn(bytes: Uint8Array): readonly KnownName[] {
  const sniffed = sniff(bytes)
  return sniffed.kind === 'known' ? sniffed.names.map(({ name, origin }) => ({ name, origin, provedAt: null })) : []
}

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

/** Only an exception by host asks for proof; without one a look-up would be spent for nothing. */
const readsHostProof = (policy: Policy): boolean =>
  policy.fences.some(({ exceptions }) => exceptions.some(({ traffic }) => traffic.some(({ name }) => name === 'host')))
