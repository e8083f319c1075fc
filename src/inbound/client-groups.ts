/** What clients belong to by the networks that they come from: `clients: [{ network: 10.1.0.0/16, groups: [office] }]`. */
import type { Ip } from '../model/address.ts'
import { type Cidr, containsAny } from '../model/cidr.ts'

/** A network whose clients may use a door. */
export interface ClientNetwork extends Cidr {
  readonly groups: readonly string[]
}

/** The groups of every network that holds the client, each once. */
export function groupsByNetwork(networks: readonly ClientNetwork[]): (client: Ip) => readonly string[] {
  const compiled = networks.filter(({ groups }) => groups.length > 0).map((network) => ({ contains: containsAny([network]), network }))
  return (client) => [...new Set(compiled.filter(({ contains }) => contains(client)).flatMap(({ network }) => network.groups))]
}
