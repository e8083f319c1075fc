/**
 * Names that each client asked for a short while ago, by the addresses that Ringfence found for them: a client that then
 * connects to such an address itself most likely means that name. It is recorded and nothing goes by it: the programs of a
 * machine are one client here, and many names share an address.
 */
import type { Ip } from '../model/address.ts'
import type { Millis } from '../model/flow.ts'
import type { Hostname } from '../model/hostname.ts'

/** As long as programs keep an answer at most, roughly; addresses of a CDN change hands faster than that. */
const KEEP_MS = 300_000
/** Some ten megabytes. */
const MOST = 20_000

export class RecentAnswers {
  readonly #names = new Map<string, { readonly name: Hostname; readonly at: Millis }>()

  remember(client: Ip, name: Hostname, addresses: readonly Ip[], at: Millis): void {
    for (const address of addresses) {
      const key = `${client} ${address}`
      // Behind the others again: the first of the map is the one that was told longest ago.
      this.#names.delete(key)
      this.#names.set(key, { name, at })
    }
    for (const key of this.#names.keys()) {
      if (this.#names.size <= MOST) break
      this.#names.delete(key)
    }
  }

  /** The last name of this client that led there, or `null`. */
  nameOf(client: Ip, address: Ip, at: Millis): Hostname | null {
    const known = this.#names.get(`${client} ${address}`)
    return known !== undefined && at - known.at < KEEP_MS ? known.name : null
  }
}
