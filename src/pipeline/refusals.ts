/**
 * What is refused in every mode (DESIGN.md §2, rules 1 and 5): not a matter of territory but of safety. Pure, but for
 * the question which addresses are Ringfence's own doors.
 */
import type { Ip } from '../model/address.ts'
import type { Flow, Network } from '../model/flow.ts'
import { type Hostname, isUnder } from '../model/hostname.ts'
import { isCloudMetadata, judgedAddresses, scopeOf } from '../model/scope.ts'
import type { RefusalCode } from '../model/verdict.ts'

export interface OwnDoors {
  /** Whether a connection to this address and port would come back to one of Ringfence's own listeners. */
  has(ip: Ip, port: number, network: Network): boolean
}

export interface RefusalSettings {
  readonly deniedPorts: readonly number[]
  /** Names under which local answers are expected; single labels may always have them. */
  readonly localNames: readonly Hostname[]
  readonly ownDoors: OwnDoors
}

/** Asked before any look-up. */
export const refusalOfPort = (flow: Flow, { deniedPorts }: RefusalSettings): RefusalCode | null =>
  deniedPorts.includes(flow.asked.port) ? 'refuse.denied-port' : null

/** Asked for each address; every address that an embedded form stands for counts. */
export function refusalOf(ip: Ip, flow: Flow, settings: RefusalSettings): RefusalCode | null {
  const { host, port } = flow.asked
  const mayBeLocal = host.kind === 'ip' || !host.name.includes('.') || settings.localNames.some((domain) => isUnder(host.name, domain))
  const judged = judgedAddresses(ip)
  for (const address of judged.includes(ip) ? judged : [ip, ...judged]) {
    const scope = scopeOf(address)
    if (scope === 'unspecified') return 'refuse.unspecified'
    if (isCloudMetadata(address)) return 'refuse.cloud-metadata'
    if (settings.ownDoors.has(address, port, flow.network)) return 'refuse.own-door'
    // DNS rebinding: a public name that points into the client's own network. A translator's own prefix (RFC 8215) is
    // reserved space, but leads to the IPv4 address inside, which is asked in its turn.
    if (!mayBeLocal && scope !== 'global' && !isTranslated(address)) return 'refuse.local-answer'
  }
  return null
}

const isTranslated = (ip: Ip): boolean => scopeOf(ip) === 'reserved' && judgedAddresses(ip).length > 1
