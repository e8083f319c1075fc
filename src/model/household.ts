/** Whose address it is, where limits are per client: of IPv6 whoever has one address has the /64 around it. */
import { familyOf, type Ip, ipToBytes } from './address.ts'

/** The same text for every address of one household. */
export const householdOf = (client: Ip): string =>
  familyOf(client) === 6 ? Buffer.from(ipToBytes(client).subarray(0, 8)).toString('hex') : client
