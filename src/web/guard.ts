/**
 * Who may ask the page: a browser that opened it by its own address, or a program of this machine. A web site that has
 * its own name lead to 127.0.0.1 (DNS rebinding) says another Host; one that sends requests from its own pages says
 * another Origin, or is told by the browser to come from elsewhere (Fetch Metadata, `Sec-Fetch-Site`).
 */
import type { IncomingMessage } from 'node:http'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { printable } from '../model/hostname.ts'
import { type Answer, problem } from './answer.ts'

export type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>

/** `null`: it may pass. `shared`: paths that a browser asks for on behalf of others, as it does for a PAC. */
export function refusalOf(request: Asked, bound: Endpoint<Ip>, shared: readonly string[]): Answer | null {
  const { method, url = '', headers } = request
  // RFC 9112 §3.2.2: a target in absolute form, as to a proxy, beats Host; nothing here is a proxy.
  if (!url.startsWith('/')) return problem(400, 'This is a page, not a proxy: the target of a request is a path.')
  const hosts = valuesOf(request, 'host')
  const own = ownHosts(bound)
  const [host = ''] = hosts
  if (hosts.length !== 1 || !own.includes(host.toLowerCase()))
    return problem(421, `This page answers to ${own.join(' and ')} only${host === '' ? '' : `, not to "${printable(host)}"`}.`)
  if (method !== 'GET' && method !== 'HEAD') return problem(405, 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' })
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0')
    return problem(413, 'A request here has no content.')
  const origins = valuesOf(request, 'origin')
  if (origins.some((origin) => origin !== `http://${host.toLowerCase()}`)) return problem(403, 'Requests from other origins are refused.')
  const [path = ''] = url.split('?')
  if (!shared.includes(path) && valuesOf(request, 'sec-fetch-site').some((site) => site !== 'same-origin' && site !== 'none'))
    return problem(403, 'Requests from other sites are refused: open the page by its address.')
  return null
}

/** What a client that opened the page by its own address sends as Host. */
export function ownHosts(bound: Endpoint<Ip>): readonly string[] {
  const named = [formatEndpoint(bound), `localhost:${bound.port}`]
  // RFC 9110 §4.2.3: a client leaves the default port out.
  return bound.port === 80 ? [...named, ...named.map((host) => host.replace(/:80$/, ''))] : named
}

/** Node keeps the first of several Host fields, and says nothing of the others. */
const valuesOf = ({ rawHeaders }: Asked, name: string): readonly string[] =>
  rawHeaders.flatMap((field, i) => (i % 2 === 0 && field.toLowerCase() === name ? [rawHeaders[i + 1] ?? ''] : []))
