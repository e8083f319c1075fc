/** A request that a fence's traffic selects, made up for one address: or why there is no simple one. */
import { type Ip, parseIp } from '../model/address.ts'
import type { Network } from '../model/flow.ts'
import type { Selection } from '../policy/policy.ts'
import type { RefusalSettings } from './refusals.ts'

export interface CanaryRequest {
  /** A name or the address itself. */
  readonly host: string
  readonly port: number
  readonly network: Network
  readonly inbound: string
  readonly client: Ip
}

const HTTPS_PORT = 443
const LOOPBACK = parseIp('127.0.0.1')

/** Takes the first value of each key; a sentence's end where a key can't be met so. */
export function requestFor(traffic: Selection, address: Ip, { deniedPorts }: Pick<RefusalSettings, 'deniedPorts'>): CanaryRequest | string {
  if (LOOPBACK === null) throw new Error('127.0.0.1 is an address')
  let request: CanaryRequest = { host: address, port: HTTPS_PORT, network: 'tcp', inbound: 'self-test', client: LOOPBACK }
  for (const { name, matcher } of traffic) {
    const [first] = matcher.document
    const text = String(first ?? '')
    switch (name) {
      case 'host':
        request = { ...request, host: text.replace(/^\*\./, 'canary.').replace(/^\./, '') }
        break
      case 'port': {
        const port = matcher.document.map((each) => Number.parseInt(String(each), 10)).find((each) => !deniedPorts.includes(each))
        if (port === undefined) return 'its ports are denied'
        request = { ...request, port }
        break
      }
      case 'network':
        if (text !== 'tcp' && text !== 'udp' && text !== 'other') return `it reads network "${text}"`
        request = { ...request, network: text }
        break
      case 'inbound':
        request = { ...request, inbound: text }
        break
      case 'client': {
        const client = parseIp(text.split('/')[0] ?? '')
        if (client === null) return 'it reads client'
        request = { ...request, client }
        break
      }
      case 'cidr':
        return 'it reads cidr'
      default:
        return name satisfies never
    }
  }
  return request
}
