/** `udp://ADDR:PORT`: one DNS server in clear, by UDP, and by TCP where an answer is too long for it (RFC 7766 §5). */
import dgram from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { parseResponse } from '../../wire/dns.ts'
import type { NameServer } from './answer.ts'
import type { Exchange, Reply } from './exchange.ts'
import { connectionFailed, timedOut } from './failure-words.ts'
import type { ResolverSettings } from './index.ts'
import { belongs, queryBytes, randomId } from './matching.ts'
import { createStub } from './stub.ts'
import { createTcpExchange } from './tcp.ts'

/** The first wait before the question is sent again; each one is twice as long as the one before. */
export const RETRY_MS = 1_000
/** Whoever has found the port of a question would need 65,536 guesses at its id: after so many wrong ones it is put over TCP, where nobody can guess. */
const MAX_ODDITIES = 16

export function createUdp(server: Endpoint<Ip>, settings: ResolverSettings): NameServer {
  return createStub(`udp://${formatEndpoint(server)}`, createUdpExchange(server, settings), settings)
}

/** Text, because an address on the local link needs its zone (`fe80::1%eth0`), which `Ip` cannot hold. */
export function createUdpExchange(server: Endpoint<string>, settings: ResolverSettings): Exchange {
  const tcp = createTcpExchange(server, settings)
  return {
    /**
     * A socket for each question, so that the kernel picks its port at random and nobody off the path can guess both
     * that and the id (RFC 5452 §9.2); connected, so that it takes datagrams from this server alone.
     */
    exchange: (question, stop) =>
      new Promise<Reply>((resolve) => {
        const id = randomId()
        const bytes = queryBytes(question, id, false)
        const socket = dgram.createSocket({ type: isIPv6(server.host) ? 'udp6' : 'udp4' })
        // Who waits for the answer has a deadline, which keeps the process alive; who waits for a late one does not.
        socket.unref()
        let oddities = 0
        let wait = settings.retryMs
        let timer: NodeJS.Timeout | undefined
        let settled = false

        const settle = (reply: Reply | Promise<Reply>) => {
          // A connect or send under way tells its end of a closed socket as well.
          if (settled) return
          settled = true
          clearTimeout(timer)
          stop.removeEventListener('abort', onStop)
          socket.removeAllListeners()
          // What still arrives concerns nobody, a failure included.
          socket.on('error', () => undefined)
          socket.close()
          resolve(reply)
        }
        const onStop = () => settle(oddities === 0 ? timedOut : { kind: 'failed', why: 'sent nothing that answers the question' })
        // The very same datagram again: another question under way for the same name would double a forger's chance (RFC 5452 §5).
        const send = () => {
          socket.send(bytes, (error) => {
            if (error !== null && !isPassing(error)) settle(connectionFailed(error))
          })
          timer = setTimeout(send, wait).unref()
          wait *= 2
        }
        socket.on('message', (message) => {
          const parsed = parseResponse(message)
          if (parsed.kind === 'malformed' || !belongs(parsed.value, question, id)) {
            if (++oddities >= MAX_ODDITIES) settle(tcp.exchange(question, stop))
          } else if (parsed.value.truncated) settle(tcp.exchange(question, stop))
          else settle({ kind: 'response', response: parsed.value, age: 0 })
        })
        socket.on('error', (error) => settle(connectionFailed(error)))
        stop.addEventListener('abort', onStop)
        if (stop.aborted) onStop()
        else {
          socket.connect(server.port, server.host, (error?: Error) => {
            if (settled) return
            // Without a route: Node then leaves the socket unconnected, and a `send` would throw.
            if (error !== undefined && error !== null) settle(connectionFailed(error))
            else send()
          })
        }
      }),
  }
}

/** No room in this machine's buffers just now: the datagram is lost, as on the way. */
const isPassing = (error: Error): boolean => 'code' in error && (error.code === 'ENOBUFS' || error.code === 'EAGAIN')
