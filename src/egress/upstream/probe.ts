/**
 * An upstream proxy tried by itself: connection, TLS, and login, as far as it tells of that without a destination. No
 * destination hears of it.
 */
import { type Endpoint, type Ip, ipFromBytes } from '../../model/address.ts'
import { RingfenceError } from '../../model/errors.ts'
import type { Stop } from '../../model/stop.ts'
import type { PinnedEndpoint } from '../../model/verdict.ts'
import type { ByteStream } from '../../pipeline/byte-stream.ts'
import type { Upstream } from '../../pipeline/ports.ts'
import type { Attempt } from '../happy-eyeballs.ts'
import type { Hop } from './hop.ts'
import { connectByHttp } from './http.ts'
import { reach } from './reach.ts'
import { greet } from './socks5.ts'

/**
 * For a proxy that looks at a login only when it is asked for a destination. No connection can be made to the broadcast
 * address (RFC 919), so nothing is sent there.
 */
const nowhereAt = (port: number): Endpoint<Ip> => ({ host: ipFromBytes(Uint8Array.of(255, 255, 255, 255)), port })

/** To its port proxies permit CONNECT, as a rule. */
export const NOWHERE = nowhereAt(443)

/** To its port many do not, since they know plain requests by other means: ours come as CONNECT all the same. */
export const PLAIN_NOWHERE = nowhereAt(80)

/** What a proxy thinks of the login that is set, or of there being none: it is content, did not ask, or has not said. */
export type Probed = 'accepted' | 'not-asked' | 'not-said'

/**
 * `at`: the proxy's own address; `nowhere`: what one of type http is asked for. Rejects with RingfenceError `dial.*` or
 * `upstream.*` where no flow would get through.
 */
export async function probe(
  hop: Hop,
  at: PinnedEndpoint,
  attempt: Attempt<Upstream>,
  stop: Stop,
  nowhere: Endpoint<Ip> = NOWHERE,
): Promise<Probed> {
  const { stream } = await reach(hop, at, attempt, stop)
  try {
    return await probes[hop.type](stream, hop, stop, nowhere)
  } finally {
    stream.destroy()
  }
}

const probes: Readonly<Record<Hop['type'], (stream: ByteStream, hop: Hop, stop: Stop, nowhere: Endpoint<Ip>) => Promise<Probed>>> = {
  http: probeHttp,
  socks5: async (stream, hop, stop) => ((await greet(stream, hop, stop)) ? 'accepted' : 'not-asked'),
}

async function probeHttp(stream: ByteStream, hop: Hop, stop: Stop, nowhere: Endpoint<Ip>): Promise<Probed> {
  try {
    await connectByHttp(stream, nowhere, hop, stop, null)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof RingfenceError) || stop.aborted) throw error
    // It went to the trouble of trying.
    if (error.code.startsWith('dial.')) return 'accepted'
    // A rule of its own about that address or port, which may come before the one about logins.
    if (error.code === 'upstream.refused') return 'not-said'
    throw error
  }
}
