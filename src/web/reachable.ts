/** How clients of this machine reach the doors: what a PAC names, and what `ringfence setup` writes. */
import type { InboundSettings } from '../config/settings.ts'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
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
export interface BoundDoor extends Pick<InboundSettings, 'login' | 'tls'> {
  readonly bound: Endpoint<Ip>
}

/** Those on loopback first, else as in the settings. */
export function reachableDoors(doors: readonly BoundDoor[]): readonly ReachableDoor[] {
  const local = doors.filter(({ bound }) => scopeOf(here(bound).host) === 'loopback')
  return [...local, ...doors.filter((door) => !local.includes(door))].map(({ bound, login, tls }) => ({
    at: formatEndpoint(here(bound)),
    login: login === 'required',
    secure: tls !== null,
  }))
}

/** Nobody can dial 0.0.0.0, which is every address of the machine; from itself, loopback is one of them. */
function here({ host, port }: Endpoint<Ip>): Endpoint<Ip> {
  const loopback = parseIp(host.includes(':') ? '::1' : '127.0.0.1')
  return scopeOf(host) === 'unspecified' && loopback !== null ? { host: loopback, port } : { host, port }
}
