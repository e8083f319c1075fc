/** `cidr`: networks of the destination's address. */
import { z } from 'zod'
import { containsAny, formatCidr } from '../../model/cidr.ts'
import type { Match, MatcherKind } from './matcher.ts'
import { compileNetworks } from './networks.ts'

export const cidr: MatcherKind<string> = {
  item: z.string(),
  says: 'a network such as 10.0.0.0/8',
  identifies: true,
  reads: 'address',
  compile(items, report) {
    const networks = compileNetworks(items, report)
    const contains = containsAny(networks)
    const match = ({ address }: { address: Parameters<typeof contains>[0] | undefined }): Match =>
      address === undefined ? 'open' : contains(address) ? 'yes' : 'no'
    return { applies: match, proved: match, document: networks.map(formatCidr) }
  },
}
