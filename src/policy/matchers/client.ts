/** `client`: networks of the client's address. */
import { z } from 'zod'
import { formatCidr } from '../../model/cidr.ts'
import { CidrSet } from '../../model/cidr-set.ts'
import { certain, type MatcherKind } from './matcher.ts'
import { compileNetworks } from './networks.ts'

export const client: MatcherKind<string> = {
  item: z.string(),
  says: 'a network of clients such as 10.1.0.0/16',
  identifies: true,
  reads: 'flow',
  compile(items, report) {
    const networks = compileNetworks(items, report)
    const set = new CidrSet(networks)
    return certain(networks.map(formatCidr), (facts) => set.has(facts.client))
  },
}
