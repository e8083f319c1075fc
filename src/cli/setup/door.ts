/**
 * Which door of the settings is meant by an address that other machines reach it at. Its scheme and login are written
 * beside that address, and with the wrong ones a password goes in clear: where it is not plain which, nothing is written.
 */
import type { InboundSettings } from '../../config/settings.ts'
import { familyOf, formatEndpoint } from '../../model/address.ts'
import type { NonEmpty } from '../../model/brand.ts'
import { OperatorError } from '../../model/errors.ts'
import { type Host, hostText, isUnder, parseHostPort, printable } from '../../model/hostname.ts'
import { scopeOf } from '../../model/scope.ts'
import { didYouMean } from '../../model/suggest.ts'
import type { Parameters } from './target.ts'

type Inbound = Pick<InboundSettings, 'name' | 'listen' | 'login' | 'tls' | 'balancers'>

/** At `--proxy-host`, with the door's port unless given; `named`: by `--door`, where the address does not say. Throws OperatorError. */
export function doorAt(written: string, named: string | undefined, doors: NonEmpty<Inbound>): Parameters['door'] {
  const { host, port } = hostAndPort(written, '--proxy-host')
  const door = named === undefined ? meant(host, port, doors) : doorNamed(named, doors)
  const at = { host: hostText(host), port: port ?? door.listen.port }
  return { at: formatEndpoint(at), login: door.login === 'required', secure: door.tls !== null, ...at }
}

/** `HOST` or `HOST:PORT`, as a flag has it. Throws OperatorError, which a pasted URL gets in words of its own. */
export function hostAndPort(written: string, flag: string): { readonly host: Host; readonly port: number | null } {
  const beside = /^[a-z][a-z0-9+.-]*:\/\//i.exec(written)?.[0] ?? (written.includes('@') ? 'a name and a password' : null)
  if (beside !== null) throw new OperatorError(`${flag}: write HOST:PORT, without ${printable(beside)}`)
  const parsed = parseHostPort(written, NOT_GIVEN)
  if ('problem' in parsed) throw new OperatorError(`${flag}: ${parsed.problem}`)
  return { host: parsed.host, port: parsed.port === NOT_GIVEN ? null : parsed.port }
}

/** Which nobody can write: it is no port. */
const NOT_GIVEN = 0

function doorNamed(name: string, doors: NonEmpty<Inbound>): Inbound {
  const door = doors.find((one) => one.name === name)
  if (door !== undefined) return door
  const names = doors.map((one) => one.name)
  throw new OperatorError(`--door: there is no door "${printable(name)}"${didYouMean(name, names)} (doors: ${listed(doors)})`)
}

/** Of one door there is no doubt, whatever forwards to it. */
function meant(host: Host, port: number | null, doors: NonEmpty<Inbound>): Inbound {
  if (doors.length === 1) return doors[0]
  const fitting = doors.filter((door) => isReachedBy(host, door) && (port === null || door.listen.port === port))
  const there = doors.some((door) => isOn(host, door)) ? fitting.filter((door) => isOn(host, door) || isOnEvery(host, door)) : fitting
  const exact = there.filter((door) => isOn(host, door))
  const [first, ...others] = exact.length > 0 ? exact : there
  const text = port === null ? hostText(host) : formatEndpoint({ host: hostText(host), port })
  if (first === undefined)
    throw new OperatorError(
      `--proxy-host: no door is at ${text} (doors: ${listed(doors)}); where something forwards to one of them, say to which: --door NAME`,
    )
  if (!others.every((door) => isWrittenLike(first, door)))
    throw new OperatorError(
      `--proxy-host: more than one door may be meant by ${text} (${listed([first, ...others])}); ${port === null ? 'give its port too, or' : 'say which:'} --door NAME`,
    )
  return first
}

/** Loopback is reached from its own machine alone, unless a load balancer there hands others on. */
function isReachedBy(host: Host, { listen, balancers }: Inbound): boolean {
  const scope = scopeOf(listen.host)
  if (isThisMachine(host)) return scope === 'loopback' || scope === 'unspecified'
  return scope !== 'loopback' || balancers.length > 0
}

const isThisMachine = (host: Host): boolean => (host.kind === 'ip' ? scopeOf(host.ip) === 'loopback' : isUnder(host.name, 'localhost'))

const isOn = (host: Host, { listen }: Inbound): boolean => host.kind === 'ip' && host.ip === listen.host

/** 0.0.0.0 is every IPv4 address, :: every IPv6 one and no other. */
const isOnEvery = (host: Host, { listen }: Inbound): boolean =>
  host.kind === 'ip' && scopeOf(listen.host) === 'unspecified' && familyOf(listen.host) === familyOf(host.ip)

const isWrittenLike = (one: Inbound, other: Inbound): boolean =>
  one.listen.port === other.listen.port && (one.tls === null) === (other.tls === null) && one.login === other.login

const listed = (doors: readonly Inbound[]): string =>
  doors.map(({ name, listen, tls }) => `${name} at ${formatEndpoint(listen)}${tls === null ? '' : ' in TLS'}`).join(', ')
