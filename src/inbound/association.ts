/**
 * One UDP association (RFC 1928 §7): takes the datagrams of its client and of nobody else, and makes a flow of each
 * destination that it asks for. It knows sockets only as something to answer by.
 */
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { type Host, hostText, isHost, parseHost } from '../model/hostname.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import { encodeDatagram, parseDatagram, type Socks5Datagram } from '../wire/socks5-datagram.ts'
import { DatagramSession } from './datagram-session.ts'
import { type Door, type Guest, newFlow } from './door.ts'

/** Destinations of one association at a time: a browser with many connections by QUIC has some dozens. */
const MAX_DESTINATIONS = 256
/** What waits for verdicts, over all destinations. */
const MAX_WAITING_BYTES = 1024 * 1024

/** Datagrams that were not passed on, by why. */
export interface Lost {
  /** From another address than the client's, another port than the one that it uses, or one that cannot be answered. */
  strangers: number
  malformed: number
  /** Pieces of larger ones. */
  fragments: number
  /** For destinations that had just been refused, or could not be reached. */
  refused: number
  /** More than may wait for a verdict, more destinations than a client may have, or more than a socket or a datagram takes. */
  excess: number
}

export interface AssociationOptions {
  readonly guest: Pick<Guest, 'client' | 'who'>
  /** The port that the client said it would send from; `null`: that of its first datagram. */
  readonly port: number | null
  readonly door: Pick<Door, 'name' | 'clock' | 'nextId' | 'stopping' | 'associations' | 'carryDatagrams'>
  /** Fires when the association is over. */
  readonly over: Stop
  /** Sends to the client; `false`: lost. */
  send(datagram: Uint8Array, to: Endpoint<Ip>): boolean
  /** No flow is left. */
  rested(): void
}

export class Association {
  readonly lost: Lost = { strangers: 0, malformed: 0, fragments: 0, refused: 0, excess: 0 }
  readonly #options: AssociationOptions
  readonly #sessions = new Map<string, DatagramSession>()
  readonly #flows = new Set<Promise<void>>()
  #port: number | null
  /** Over all sessions. */
  #waitingBytes = 0

  constructor(options: AssociationOptions) {
    this.#options = options
    this.#port = options.port
  }

  /** Flows under way. */
  get size(): number {
    return this.#flows.size
  }

  /** Resolves when every flow has its ending. */
  async settled(): Promise<void> {
    await Promise.all(this.#flows)
  }

  /** One datagram from the network; never throws. `true`: it is the client's, well formed. */
  take(bytes: Uint8Array, from: Endpoint<Ip>): boolean {
    const { guest, over } = this.#options
    if (over.aborted) return false
    // From the start, whatever the request said: a stranger's first datagram must not make the association its own.
    if (from.host !== guest.client.host || (this.#port !== null && from.port !== this.#port)) return this.#lose('strangers')
    // RFC 768: from port 0 comes what wants no answer, and Node's `send` throws where one is sent there.
    if (from.port === 0) return this.#lose('strangers')
    const datagram = parseDatagram(bytes)
    if (datagram.kind === 'fragment') return this.#lose('fragments')
    const asked = datagram.kind === 'datagram' ? askedBy(datagram) : null
    if (asked === null || datagram.kind !== 'datagram') return this.#lose('malformed')
    this.#port = from.port
    this.#pass(asked, datagram.payload, from)
    return true
  }

  #pass(asked: Endpoint<Host>, payload: Uint8Array, from: Endpoint<Ip>): void {
    const { guest, door } = this.#options
    const destination = `${guest.who.name} ${formatEndpoint({ host: hostText(asked.host), port: asked.port })}`
    const known = this.#sessions.get(destination)
    if (known === undefined && door.associations.refused.drops(guest.client.host, destination)) return void this.#lose('refused')
    const session = known ?? this.#open(destination, asked, from)
    const mayTake = session !== null && (!session.isWaiting || this.#waitingBytes + payload.length <= MAX_WAITING_BYTES)
    if (!mayTake || !session.take(payload)) this.#lose('excess')
  }

  /** A flow of its own, or `null` where there is no room for one. */
  #open(destination: string, asked: Endpoint<Host>, from: Endpoint<Ip>): DatagramSession | null {
    const { guest, door, over, send, rested } = this.#options
    const { associations, clock } = door
    const client = guest.client.host
    if (door.stopping.aborted || this.#sessions.size >= MAX_DESTINATIONS || associations.refused.isFull(client)) return null
    const leave = associations.enterDestination(client)
    if (leave === null) return null
    // Of its own: a look-up listens to it for good, and one association may see many.
    const gone = new StopSource()
    const leaveFlow = () => gone.abort(over.reason)
    over.addEventListener('abort', leaveFlow)
    const flow = newFlow(door, { client: from, who: guest.who }, asked, 'udp')
    const session = new DatagramSession({
      flow,
      gone,
      idleMs: associations.idleMs,
      clock,
      answer: (remote, payload) => send(encodeDatagram(remote, payload), from) || this.#lose('excess'),
      over: ({ code }) => associations.refused.add(client, destination, { code, flow: flow.id }),
      waiting: (bytes) => {
        this.#waitingBytes += bytes
      },
      left: () => {
        // By now another one may have taken its place.
        if (this.#sessions.get(destination) === session) this.#sessions.delete(destination)
      },
    })
    this.#sessions.set(destination, session)
    const carried = door.carryDatagrams(session).finally(() => {
      leave()
      over.removeEventListener('abort', leaveFlow)
      session.leave()
      this.#flows.delete(carried)
      if (this.#flows.size === 0) rested()
    })
    this.#flows.add(carried)
    return session
  }

  #lose(why: keyof Lost): false {
    this.lost[why]++
    return false
  }
}

/** `null`: no host, or port 0. */
function askedBy({ host, port }: Extract<Socks5Datagram, { kind: 'datagram' }>): Endpoint<Host> | null {
  const asked = host.kind === 'text' ? parseHost(host.text) : host.kind === 'ip' ? host : null
  return asked === null || !isHost(asked) || port === 0 ? null : { host: asked, port }
}
