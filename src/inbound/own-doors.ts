/** Which destinations are Ringfence's own doors: a proxy that dials itself runs in circles. */
import { networkInterfaces } from 'node:os'
import { type Endpoint, type Ip, parseIp } from '../model/address.ts'
import type { Network } from '../model/flow.ts'
import { scopeOf } from '../model/scope.ts'
import type { OwnDoors } from '../pipeline/refusals.ts'

/** Where Ringfence itself listens, under every address of this machine that leads there. */
export class BoundDoors implements OwnDoors {
  /** Addresses by network and port: those of UDP come and go with every association. */
  readonly #bound = new Map<string, readonly Ip[]>()

  constructor(bound: readonly Endpoint<Ip>[] = []) {
    for (const endpoint of bound) this.add(endpoint)
  }

  add({ host, port }: Endpoint<Ip>, network: Network = 'tcp'): void {
    const key = keyOf(port, network)
    this.#bound.set(key, [...(this.#bound.get(key) ?? []), host])
  }

  /** It is closed. */
  delete({ host, port }: Endpoint<Ip>, network: Network = 'tcp'): void {
    const key = keyOf(port, network)
    const others = (this.#bound.get(key) ?? []).filter((bound) => bound !== host)
    if (others.length === 0) this.#bound.delete(key)
    else this.#bound.set(key, others)
  }

  has(ip: Ip, port: number, network: Network = 'tcp'): boolean {
    const onPort = this.#bound.get(keyOf(port, network))
    if (onPort === undefined) return false
    if (scopeOf(ip) === 'loopback') return true
    return onPort.some((host) => host === ip || (scopeOf(host) === 'unspecified' && ownAddresses().has(ip)))
  }
}

const keyOf = (port: number, network: Network): string => `${network} ${port}`

const ownAddresses = (): ReadonlySet<Ip> =>
  new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).flatMap(({ address }) => parseIp(address.replace(/%.*$/, '')) ?? [])),
  )
