/** `tcp://ADDR:PORT`: one DNS server in clear over TCP (RFC 7766). */
import net from 'node:net'
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import type { NameServer } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { connectionFailed } from './failure-words.ts'
import type { ResolverSettings } from './index.ts'
import { keepConnections } from './kept-connection.ts'
import { carryOverStream } from './stream-carrier.ts'
import { createStub } from './stub.ts'

export function createTcp(server: Endpoint<Ip>, settings: ResolverSettings): NameServer {
  return createStub(`tcp://${formatEndpoint(server)}`, createTcpExchange(server, settings), settings)
}

export const createTcpExchange = (server: Endpoint<string>, { monotonic }: Pick<ResolverSettings, 'monotonic'>): Exchange =>
  keepConnections(() => {
    const connection = connectTo(server)
    return carryOverStream({ stream: connection, connection, ready: 'connect', encrypted: false, whyFailed: connectionFailed }, monotonic)
  })

/** A configured server: it was judged when the settings were read (DESIGN.md §2 rule 10), and is never given by name. */
export const connectTo = ({ host, port }: Endpoint<string>): net.Socket => net.connect({ host, port, noDelay: true })
