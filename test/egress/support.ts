/** Words that several tests of this room share. */
import { type Ip, parseIp, parsePort } from '../../src/model/address.ts'
import type { NonEmpty } from '../../src/model/brand.ts'
import { type Hostname, isHost, parseHost } from '../../src/model/hostname.ts'
import type { PinnedEndpoint } from '../../src/model/verdict.ts'

export function name(text: string): Hostname {
  const host = parseHost(text)
  if (!isHost(host) || host.kind !== 'name') throw new Error(`not a name: ${text}`)
  return host.name
}

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === null) throw new Error(`not an address: ${text}`)
  return parsed
}

export const ips = (...texts: NonEmpty<string>): NonEmpty<Ip> => texts.map(ip) as unknown as NonEmpty<Ip>

/** `203.0.113.7:443` as `decide` would have pinned it. */
export function pinned(text: string): PinnedEndpoint {
  const colon = text.lastIndexOf(':')
  const host = ip(text.slice(0, colon).replace(/^\[|\]$/g, ''))
  const port = parsePort(text.slice(colon + 1))
  if (port === null) throw new Error(`not a port: ${text}`)
  return { host, port } as PinnedEndpoint
}

export const never: AbortSignal = new AbortController().signal
