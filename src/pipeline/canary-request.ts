/** Requests that a fence's traffic selects, made up for one address: or why there are no simple ones. */
import { type Ip, parseIp } from '../model/address.ts'
import type { Network } from '../model/flow.ts'
import type { Selection } from '../policy/selection.ts'
import type { RefusalSettings } from './refusals.ts'

export interface CanaryRequest {
  /** A name or the address itself. */
  readonly host: string
  readonly port: number
  readonly network: Network
  readonly inbound: string
  readonly client: Ip
}

/** For each key the values that meet it, as many as there are. */
type Values = { readonly [Key in keyof CanaryRequest]: readonly CanaryRequest[Key][] }

const ANY_PORT = '443-65535'
/** Of no network that a policy would speak of (RFC 5737). */
const NOBODY = '192.0.2.1'
/** A thousand names are not walked through because an exception lifts the first. */
const MOST = 8

/**
 * One that takes the first value of each key, and others that take the next ones, for where an exception lifts the
 * first. Where a key can't be met so, a sentence's end that says why.
 */
export function requestsFor(
  traffic: Selection,
  address: Ip,
  { deniedPorts }: Pick<RefusalSettings, 'deniedPorts'>,
): readonly CanaryRequest[] | string {
  const open = (text: string) => portsIn(text, deniedPorts)
  let values: Values = { host: [address], port: open(ANY_PORT), network: ['tcp'], inbound: ['self-test'], client: clientsIn(NOBODY) }
  for (const { name, matcher } of traffic) {
    const items = matcher.document.map(String)
    switch (name) {
      case 'host':
        values = { ...values, host: items.flatMap(namesUnder) }
        break
      case 'port':
        values = { ...values, port: items.flatMap(open) }
        break
      case 'network':
        values = { ...values, network: items.flatMap(networksIn) }
        break
      case 'inbound':
        values = { ...values, inbound: items }
        break
      case 'client':
        values = { ...values, client: items.flatMap(clientsIn) }
        break
      case 'app':
      case 'category':
      case 'cidr':
      case 'user':
      case 'group':
      case 'during':
      case 'is':
      case 'not':
        return `it reads ${name}`
      default:
        return name satisfies never
    }
  }
  if (values.port.length === 0) return 'its ports are denied'
  const count = Math.min(MOST, Math.max(...Object.values(values).map(({ length }) => length)))
  const requests = Array.from({ length: count }, (_, i) => requestAt(values, i)).flatMap((request) => request ?? [])
  return requests.length === 0 ? 'no simple request meets its traffic' : requests
}

/** The values of a key with fewer come round again. */
function requestAt({ host, port, network, inbound, client }: Values, i: number): CanaryRequest | null {
  const at = <T>(list: readonly T[]): T | undefined => list[i % list.length]
  const request = { host: at(host), port: at(port), network: at(network), inbound: at(inbound), client: at(client) }
  return isWhole(request) ? request : null
}

const isWhole = (request: { readonly [Key in keyof CanaryRequest]: CanaryRequest[Key] | undefined }): request is CanaryRequest =>
  Object.values(request).every((value) => value !== undefined)

/** `.zoom.us` is that name and every name below it, `*.zoom.us` those below alone. */
function namesUnder(pattern: string): readonly string[] {
  if (pattern.startsWith('*.')) return [`canary${pattern.slice(1)}`]
  return pattern.startsWith('.') ? [pattern.slice(1), `canary${pattern}`] : [pattern]
}

/** The first of a port or a range of ports that is not denied. */
function portsIn(text: string, denied: readonly number[]): readonly number[] {
  const [from = 0, to = from] = text.split('-').map(Number)
  for (let port = from; port <= to; port++) if (!denied.includes(port)) return [port]
  return []
}

const networksIn = (text: string): readonly Network[] => (text === 'tcp' || text === 'udp' || text === 'other' ? [text] : [])

/** The first address of a network. */
function clientsIn(network: string): readonly Ip[] {
  const client = parseIp(network.split('/')[0] ?? '')
  return client === null ? [] : [client]
}
