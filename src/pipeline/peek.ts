/**
 * What the client's first bytes claim: the server name of a ClientHello, the Host of a request. A claim can make a
 * fence apply; it opens an exception only where Ringfence's own look-up of the name contains the address.
 */
import type { KnownName } from '../model/flow.ts'
import { judgedAddresses } from '../model/scope.ts'
import type { Stop } from '../model/stop.ts'
import type { Policy } from '../policy/policy.ts'
import { applies, proved } from '../policy/selection.ts'
import { createSniffer, type Sniffed } from '../wire/sniff.ts'
import { factsAbout, type Known, proveAt, whenNamesEnd, withNames } from './identify.ts'
import type { FirstBytes, Resolver } from './ports.ts'

/** How long the first bytes are held for at most: servers that speak first (SSH, SMTP) make their clients wait this long. */
export const PEEK_MS = 300

/** How long the look-up may take that proves a claimed name; only an exception that could hold by it asks for one. */
const PROOF_MS = 2_000

/** Holds the first bytes and adds what they claim. Names stay open where the time was over before they could be told. */
export async function peek(firstBytes: FirstBytes, known: Known, policy: Policy, resolver: Resolver, signal: Stop): Promise<Known> {
  const sniffer = createSniffer()
  let sniffed = sniffer.push(NOTHING)
  let seen = 0
  const why = await firstBytes.hold((fresh) => {
    seen += fresh.length
    sniffed = sniffer.push(fresh)
    return sniffed.kind === 'known'
  }, PEEK_MS)
  signal.throwIfAborted()
  // Some servers take the client's end for the end of its request.
  if (sniffed.kind === 'need-more' && why === 'ended' && seen > 0) return whenNamesEnd({ ...known, anyName: true })
  if (sniffed.kind === 'need-more') return known
  const more = whenNamesEnd(await withProofs(withClaims(known, sniffed), policy, resolver))
  signal.throwIfAborted()
  return more
}

/** Learns names in passing; `learnt` is called once, and only if there is anything to learn. */
export function watch(firstBytes: FirstBytes, known: Known, learnt: (claims: Claims) => void): void {
  const sniffer = createSniffer()
  let seen = 0
  firstBytes.watch(
    (fresh) => {
      seen += fresh.length
      const sniffed = sniffer.push(fresh)
      if (sniffed.kind === 'need-more') return false
      if (sniffed.hidden || sniffed.names.some(({ name }) => !isKnown(known, name))) learnt(sniffed)
      return true
    },
    () => {
      if (seen > 0) learnt({ names: [], hidden: true })
    },
  )
}

/** What the first bytes say of the name that they are for. `hidden`: they look as if they named one, but it cannot be read. */
export type Claims = Pick<Extract<Sniffed, { kind: 'known' }>, 'names' | 'hidden'>

/** Adds claims to what is known, none of them proved. */
export function withClaims(known: Known, { names, hidden }: Claims): Known {
  const fresh = names.filter(({ name }) => !isKnown(known, name)).map(({ name, origin }): KnownName => ({ name, origin, provedAt: null }))
  return { ...withNames(known, [...known.names, ...fresh]), anyName: known.anyName || hidden }
}

/** Proves what is only claimed, as far as an exception could hold by it, and whether or not the client stays that long. */
export async function withProofs(known: Known, policy: Policy, resolver: Resolver): Promise<Known> {
  const names = known.names.map((name) => (name.provedAt === null && mayOpen(policy, known, name) ? prove(name, resolver) : name))
  return withNames(known, await Promise.all(names))
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

/**
 * Whether some exception would hold by this name if it were proved, or something under `not:` would take the traffic
 * out of a fence; without one a look-up would be spent for nothing.
 */
function mayOpen(policy: Policy, known: Known, name: KnownName): boolean {
  const about = (provedAt: KnownName['provedAt']) =>
    factsAbout({ ...withNames(known, [{ ...name, provedAt }]), namesFinal: true, anyName: false }, undefined)
  const [sure, unsure] = [about('everywhere'), about(null)]
  return policy.fences.some(
    ({ traffic, exceptions }) =>
      exceptions.some((each) => proved(each.traffic, sure) !== proved(each.traffic, unsure)) ||
      applies(traffic, sure) !== applies(traffic, unsure),
  )
}

const NOTHING = new Uint8Array(0)
