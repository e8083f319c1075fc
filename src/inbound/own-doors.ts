/** Which destinations are Ringfence's own doors: a proxy that dials itself runs in circles. */
import { networkInterfaces } from 'node:os'
import { type Endpoint, type Ip, parseIp } from '../model/address.ts'
import { scopeOf } from '../model/scope.ts'
import type { OwnDoors } from '../pipeline/refusals.ts'

/** Where Ringfence itself listens, under every address of this machine that leads there. */
export class BoundDoors implements OwnDoors {
  readonly #bound: Endpoint<Ip>[]

  constructor(bound: readonly Endpoint<Ip>[] = []) {
    this.#bound = [...bound]
  }

  add(endpoint: Endpoint<Ip>): void {
    this.#bound.push(endpoint)
  }

  has(ip: Ip, port: number): boolean {
    const onPort = this.#bound.filter((door) => door.port === port)
    if (onPort.length === 0) return false
    if (scopeOf(ip) === 'loopback') return true
    return onPort.some(({ host }) => host === ip || (scopeOf(host) === 'unspecified' && ownAddresses().has(ip)))
  }
}

const ownAddresses = (): ReadonlySet<Ip> =>
  new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).flatMap(({ address }) => parseIp(address.replace(/%.*$/, '')) ?? [])),
  )
