/** How clients of this machine reach the doors: what a PAC names, what `ringfence setup` writes, and what the first screen shows. */
import type { InboundSettings } from '../config/settings.ts'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
import { CidrSet } from '../model/cidr-set.ts'
import { scopeOf } from '../model/scope.ts'

/** A door as a client writes it. */
export interface ReachableDoor {
  /** `127.0.0.1:8080`, `[::1]:8080`, `proxy.example:8080`. */
  readonly at: string
  /** Whether clients must log in. Browsers can do so over HTTP only: none sends a password over SOCKS. */
  readonly login: boolean
  /** Whether clients speak TLS to it. Browsers do so over HTTP only. */
  readonly secure: boolean
}

/** What is asked of a door: where it listens, port 0 being a number by now, and what its settings say. */
export interface BoundDoor extends Pick<InboundSettings, 'login' | 'tls' | 'clients' | 'balancers'> {
  readonly bound: Endpoint<Ip>
}

/** Each that listens, with what the settings say of it. */
export const boundDoors = (
  inbounds: readonly InboundSettings[],
  open: readonly { readonly name: string; readonly bound: Endpoint<Ip> }[],
): readonly BoundDoor[] =>
  open.flatMap(({ name, bound }) => inbounds.filter((inbound) => inbound.name === name).map((inbound) => ({ ...inbound, bound })))

/**
 * In the order in which a program of this machine tries them: on loopback, on every address, on others, and last those
 * that turn away what comes from here; else as in the settings.
 */
export const nearestFirst = (doors: readonly BoundDoor[]): readonly BoundDoor[] => [...doors].sort((a, b) => distance(a) - distance(b))

export const reachableDoors = (doors: readonly BoundDoor[]): readonly ReachableDoor[] =>
  nearestFirst(doors).map(({ bound, login, tls }) => ({
    at: formatEndpoint(here(bound)),
    login: login === 'required',
    secure: tls !== null,
  }))

/** Whether it waits for a PROXY header from this machine too, which no client sends. */
export const isBalanced = ({ bound, balancers }: BoundDoor): boolean => new CidrSet(balancers).has(here(bound).host)

function distance(door: BoundDoor): number {
  const { bound, clients } = door
  // Who dials an address of its own machine comes from that address.
  const turnsAway = isBalanced(door) || (clients.length > 0 && !new CidrSet(clients).has(here(bound).host))
  if (turnsAway) return 3
  if (scopeOf(bound.host) === 'loopback') return 0
  return scopeOf(bound.host) === 'unspecified' ? 1 : 2
}

/** Nobody can dial 0.0.0.0, which is every address of the machine; from itself, loopback is one of them. */
function here({ host, port }: Endpoint<Ip>): Endpoint<Ip> {
  const loopback = parseIp(host.includes(':') ? '::1' : '127.0.0.1')
  return scopeOf(host) === 'unspecified' && loopback !== null ? { host: loopback, port } : { host, port }
}
