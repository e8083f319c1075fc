/** `cidr`: networks of the destination's address. */
import { z } from 'zod'
import { formatCidr } from '../../model/cidr.ts'
import { CidrSet } from '../../model/cidr-set.ts'
import type { Facts } from '../../model/facts.ts'
import type { Match, MatcherKind } from './matcher.ts'
import { compileNetworks } from './networks.ts'

export const cidr: MatcherKind<string> = {
  item: z.string(),
  says: 'a network such as 10.0.0.0/8',
  identifies: true,
  reads: 'address',
  compile(items, report) {
    const networks = compileNetworks(items, report)
    const set = new CidrSet(networks)
    const match = ({ address }: Facts): Match => (address === undefined ? 'open' : set.has(address) ? 'yes' : 'no')
    return { applies: match, proved: match, document: networks.map(formatCidr) }
  },
}
