/** The upstream proxies of the settings: their shape, and what is wrong with them. */
import { z } from 'zod'
import { type UpstreamType, upstreamTypes } from '../egress/upstream/index.ts'
import { secretSchema } from '../geoip/kinds.ts'
import type { SecretPlace } from '../geoip/secret.ts'
import { type Endpoint, familyOf, formatEndpoint, type Ip } from '../model/address.ts'
import { type Host, isHost, parseHost, parseHostPort, printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from '../policy/path.ts'
import { MAX_LOGIN_BYTES } from '../wire/socks5-client.ts'

const file = z.string({ error: 'must be the path of a file' }).min(1, { error: 'must be the path of a file' })

const types = Object.keys(upstreamTypes) as [UpstreamType]

const unknownType = (text: string): string => `"${printable(text)}" is not one of ${types.join(', ')}${didYouMean(text, types)}`

export const upstreamSchema = z.strictObject({
  type: z.string({ error: `must be one of ${types.join(', ')}` }).transform((text, context) => {
    const type = types.find((each) => each === text)
    // "did you mean http?" would be advice to leave the TLS away.
    const message = text === 'https' ? 'a proxy that is spoken to in TLS is { type: http, tls: {} }' : unknownType(text)
    if (type === undefined) context.addIssue({ code: 'custom', message })
    return type ?? z.NEVER
  }),
  server: z.string({ error: 'must be an address and a port, such as "10.0.0.1:1080"' }),
  /** For the proxy's login; the password is read once, at start. */
  username: z.string().min(1, { error: 'must not be empty' }).optional(),
  password: secretSchema.optional(),
  /** The proxy is spoken to in TLS; its certificate is good for `name`, or else for the address. */
  tls: z
    .strictObject({
      name: z.string().optional(),
      /** The authority to trust instead of the well-known ones. */
      ca: file.optional(),
    })
    .optional(),
})

export interface UpstreamSettings {
  readonly type: UpstreamType
  readonly server: Endpoint<Ip>
  readonly login: { readonly name: string; readonly password: SecretPlace } | null
  /** `ca`: the path of a file, or `null`: the well-known authorities. */
  readonly tls: { readonly host: Host; readonly ca: string | null } | null
}

/** `isOwnDoor`: whether an address and a port are one of those that this node listens on. */
export function compileUpstreams(
  written: readonly z.output<typeof upstreamSchema>[],
  around: { readonly resolvePath: (path: string) => string; readonly isOwnDoor: (ip: Ip, port: number) => boolean },
  report: Report,
): readonly UpstreamSettings[] {
  const upstreams = written.map(({ type, server: text, username, password, tls: asked }, i) => {
    const at: Path = ['upstream', i]
    const server = parseServer(text)
    const problem = loginProblem(type, username, password)
    if (problem !== null) report(problem.key === null ? at : [...at, problem.key], problem.says)
    const name = asked?.name === undefined ? null : certificateName(asked.name)
    if (name !== null && 'problem' in name) report([...at, 'tls', 'name'], name.problem)
    if ('problem' in server) {
      report([...at, 'server'], server.problem)
      return null
    }
    if (name !== null && 'problem' in name) return null
    const ca = asked?.ca === undefined ? null : around.resolvePath(asked.ca)
    const tls = asked === undefined ? null : { host: name ?? { kind: 'ip' as const, ip: server.host }, ca }
    if (around.isOwnDoor(server.host, server.port))
      report([...at, 'server'], `${formatEndpoint(server)} is a door of this node itself: what it sends would come back`)
    if (username === undefined || password === undefined) return { type, server, login: null, tls }
    const place = 'file' in password ? { file: around.resolvePath(password.file) } : password
    return { type, server, login: { name: username, password: place }, tls }
  })
  const places = upstreams.map((upstream) => (upstream === null ? null : formatEndpoint(upstream.server)))
  for (const [i, place] of places.entries()) {
    if (place !== null && places.indexOf(place) < i)
      report(['upstream', i, 'server'], `upstream[${places.indexOf(place)}] is ${place} already`)
  }
  return upstreams.filter((upstream) => upstream !== null)
}

/** As of a resolver: to find a proxy by name, a look-up would have to go round it. */
function parseServer(text: string): Endpoint<Ip> | { readonly problem: string } {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0]
  if (scheme !== undefined) return { problem: `upstream "${printable(text)}": write ADDRESS:PORT, without ${printable(scheme)}` }
  const parsed = parseHostPort(text, null)
  if ('problem' in parsed) return { problem: `upstream "${printable(text)}": ${parsed.problem}` }
  if (parsed.host.kind === 'name') return { problem: `upstream "${printable(text)}": a proxy is given by its address, not by a name` }
  const { ip } = parsed.host
  if (familyOf(ip) === 6 && !text.startsWith('['))
    return { problem: `upstream "${printable(text)}": write an IPv6 address in brackets, as in [${ip}]:1080` }
  return { host: ip, port: parsed.port }
}

function certificateName(text: string): Host | { readonly problem: string } {
  const host = parseHost(text)
  if (!isHost(host) || host.kind === 'name') return host
  return { problem: `${host.ip} is not needed: without "name" the certificate must name the address of the proxy` }
}

function loginProblem(
  type: UpstreamType,
  username: string | undefined,
  password: SecretPlace | undefined,
): { readonly key: 'username' | null; readonly says: string } | null {
  if ((username === undefined) !== (password === undefined))
    return { key: null, says: 'a login is a "username" and a "password": { file: a path } or { env: the name of a variable }' }
  if (username === undefined) return null
  if (/[\u0000-\u001f\u007f-\u009f]/.test(username)) return { key: 'username', says: 'must not hold a control character' }
  if (type === 'http' && username.includes(':')) return { key: 'username', says: 'must not hold a colon: HTTP Basic ends the name there' }
  if (Buffer.byteLength(username) > MAX_LOGIN_BYTES) return { key: 'username', says: `must have at most ${MAX_LOGIN_BYTES} bytes` }
  return null
}
