/**
 * The offer of a client that sends datagrams to one destination. There is no word for yes or no: until the verdict they
 * wait, refused they are lost.
 */
import type { Endpoint, Ip } from '../model/address.ts'
import type { Flow } from '../model/flow.ts'
import type { Stop } from '../model/stop.ts'
import type { Clock, DatagramUpstream, HowEnded, Meter, Offer, Refusal } from '../pipeline/ports.ts'
import { type DatagramPort, type DatagramReceiver, relayDatagrams } from '../pipeline/relay-datagrams.ts'

/** What waits for the verdict of one destination at most. */
const MAX_WAITING = 16
const MAX_WAITING_BYTES = 64 * 1024

export interface SessionOptions {
  readonly flow: Flow
  /** Fires when the association is over. */
  readonly gone: Stop
  readonly idleMs: number
  readonly clock: Clock
  /** Passes an answer to the client, or loses it. */
  answer(from: Endpoint<Ip>, payload: Uint8Array): boolean
  /** Nothing more is to be sent there for a while: by the policy, or since it failed. */
  over(why: Pick<Refusal, 'code'>): void
  /** So many bytes more wait for the verdict, or fewer. */
  waiting(bytes: number): void
  /** It takes no more: refused, or its relay is over. Its flow has its ending only once that is written. */
  left(): void
}

export class DatagramSession implements Offer<DatagramUpstream> {
  readonly flow: Flow
  readonly gone: Stop
  /**
   * Nobody looks into a client's first datagrams: the destination is what it asked for, and a name inside (that of QUIC
   * is behind keys that anybody can derive) would only be claimed.
   */
  readonly firstBytes = null
  readonly #options: SessionOptions
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #receiver: DatagramReceiver | null = null

  constructor(options: SessionOptions) {
    this.flow = options.flow
    this.gone = options.gone
    this.#options = options
  }

  /** For the verdict. */
  get isWaiting(): boolean {
    return this.#receiver === null
  }

  /** From the client; `false`: lost, since too much is waiting already. */
  take(datagram: Uint8Array): boolean {
    if (this.#receiver !== null) return this.#receiver(datagram)
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes + datagram.length > MAX_WAITING_BYTES) return false
    this.#waiting.push(datagram)
    this.#waitingBytes += datagram.length
    this.#options.waiting(datagram.length)
    return true
  }

  grant(): void {
    // The association was granted before; of its destinations RFC 1928 tells the client nothing.
  }

  refuse(refusal: Refusal): void {
    // Given up because the client left, it may be asked for again at once.
    if (!this.gone.aborted) this.#options.over(refusal)
    this.leave()
  }

  async relay({ datagrams, remote }: DatagramUpstream, meter: Meter, cut: Stop): Promise<HowEnded> {
    const { answer, clock, idleMs, over } = this.#options
    const client: DatagramPort = {
      // From where it came (RFC 1928 §7): the address that was judged, also where the client asked for a name.
      send: (payload) => answer(remote, payload),
      receive: (receiver) => this.#receive(receiver),
      closed: this.gone,
      close: () => this.#receive(() => false),
    }
    try {
      const ended = await relayDatagrams(client, datagrams, meter, { idleMs, clock, cut })
      if (ended.ending === 'failed' && ended.code !== null) over({ code: ended.code })
      return ended
    } finally {
      this.leave()
    }
  }

  /** What still waits is lost. */
  leave(): void {
    this.#receive(() => false)
    this.#options.left()
  }

  #receive(receiver: DatagramReceiver): void {
    this.#receiver = receiver
    const waiting = this.#waiting
    this.#options.waiting(-this.#waitingBytes)
    this.#waiting = []
    this.#waitingBytes = 0
    for (const datagram of waiting) receiver(datagram)
  }
}
