/** What was asked for → its addresses, once for the whole flow: no later step can look the name up again. */
import type { Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Host } from '../model/hostname.ts'
import { type Stop, signalOf } from '../model/stop.ts'
import type { Resolver } from './ports.ts'

/** A literal address stands for itself. Throws RingfenceError `resolve.*`. */
export const resolve = async (host: Host, resolver: Resolver, stop: Stop): Promise<NonEmpty<Ip>> =>
  host.kind === 'ip' ? [host.ip] : await resolver.resolve(host.name, signalOf(stop))
