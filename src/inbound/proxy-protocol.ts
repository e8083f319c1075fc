/** Whom a load balancer hands on: `proxy_protocol: { from: [10.0.0.0/8] }`. Nobody else's word on it is read. */
import type { Endpoint, Ip } from '../model/address.ts'
import { RingfenceError } from '../model/errors.ts'
import type { Stop } from '../model/stop.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import { readMessage } from '../pipeline/handshake.ts'
import { parseProxyHeader } from '../wire/proxy-protocol.ts'
import { Mistake } from './mistakes.ts'

/**
 * Reads the header that a balancer must begin with. The client is the balancer itself where that says so, or says
 * nothing. Throws RingfenceError where there is no header, or an odd one.
 */
export async function clientBehind(stream: ByteStream, balancer: Endpoint<Ip>, inTime: Stop): Promise<Endpoint<Ip>> {
  const header = await readMessage(stream, parseProxyHeader, inTime)
  if (header.kind === 'ended') throw new RingfenceError('client.gone', 'the load balancer left before its PROXY header')
  if (header.kind === 'malformed') throw new Mistake('no-header', `the load balancer sent ${header.why}`)
  return header.value.kind === 'proxied' ? header.value.client : balancer
}
