/** What clients belong to by the networks that they come from: `clients: [{ network: 10.1.0.0/16, groups: [office] }]`. */
import type { Ip } from '../model/address.ts'
import type { Cidr } from '../model/cidr.ts'
import { CidrMap } from '../model/cidr-set.ts'

/** A network whose clients may use a door. */
export interface ClientNetwork extends Cidr {
  readonly groups: readonly string[]
}

/** The groups of every network that holds the client, each once. */
export function groupsByNetwork(networks: readonly ClientNetwork[]): (client: Ip) => readonly string[] {
  const compiled = new CidrMap(networks.flatMap((network) => network.groups.map((group) => [network, group] as const)))
  return (client) => compiled.get(client)
}
