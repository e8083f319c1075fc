/** The upstream proxies of the settings: their shape, what is wrong with them, and their passwords, which stand elsewhere. */
import { z } from 'zod'
import type { Hop } from '../egress/upstream/hop.ts'
import { type UpstreamType, upstreamTypes } from '../egress/upstream/index.ts'
import { secretSchema } from '../geoip/kinds.ts'
import { readSecret, type SecretPlace } from '../geoip/secret.ts'
import { type Endpoint, familyOf, formatEndpoint, type Ip } from '../model/address.ts'
import { OperatorError } from '../model/errors.ts'
import { parseHostPort, printable } from '../model/hostname.ts'
import type { Path, Report } from '../policy/path.ts'
import { MAX_LOGIN_BYTES } from '../wire/socks5-client.ts'

export const upstreamSchema = z.strictObject({
  type: z.enum(Object.keys(upstreamTypes) as [UpstreamType]),
  server: z.string({ error: 'must be an address and a port, such as "10.0.0.1:1080"' }),
  /** For the proxy's login; the password is read once, at start. */
  username: z.string().min(1, { error: 'must not be empty' }).optional(),
  password: secretSchema.optional(),
})

export interface UpstreamSettings {
  readonly type: UpstreamType
  readonly server: Endpoint<Ip>
  readonly login: { readonly name: string; readonly password: SecretPlace } | null
}

/** `isOwnDoor`: whether an address and a port are one of those that this node listens on. */
export function compileUpstreams(
  written: readonly z.output<typeof upstreamSchema>[],
  around: { readonly resolvePath: (path: string) => string; readonly isOwnDoor: (ip: Ip, port: number) => boolean },
  report: Report,
): readonly UpstreamSettings[] {
  const upstreams = written.map(({ type, server: text, username, password }, i) => {
    const at: Path = ['upstream', i]
    const server = parseServer(text)
    const problem = loginProblem(type, username, password)
    if (problem !== null) report(problem.key === null ? at : [...at, problem.key], problem.says)
    if ('problem' in server) {
      report([...at, 'server'], server.problem)
      return null
    }
    if (around.isOwnDoor(server.host, server.port))
      report([...at, 'server'], `${formatEndpoint(server)} is a door of this node itself: what it sends would come back`)
    if (username === undefined || password === undefined) return { type, server, login: null }
    const place = 'file' in password ? { file: around.resolvePath(password.file) } : password
    return { type, server, login: { name: username, password: place } }
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
  const parsed = parseHostPort(text, null)
  if ('problem' in parsed) return { problem: `upstream "${printable(text)}": ${parsed.problem}` }
  if (parsed.host.kind === 'name') return { problem: `upstream "${printable(text)}": a proxy is given by its address, not by a name` }
  const { ip } = parsed.host
  if (familyOf(ip) === 6 && !text.startsWith('['))
    return { problem: `upstream "${printable(text)}": write an IPv6 address in brackets, as in [${ip}]:1080` }
  return { host: ip, port: parsed.port }
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

/** The proxies with their passwords. Throws OperatorError where one can't be read, or does not fit. */
export async function openUpstreams(
  upstreams: readonly UpstreamSettings[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Hop[]> {
  return await Promise.all(
    upstreams.map(async ({ type, server, login }, i) => {
      if (login === null) return { type, server, login }
      const where = `upstream[${i}].password`
      const password = await readSecret(login.password, env).catch((cause: unknown) => {
        throw cause instanceof OperatorError ? new OperatorError(`${where}: ${cause.message}`, { cause }) : cause
      })
      if (password.length > MAX_LOGIN_BYTES) throw new OperatorError(`${where}: it has more than ${MAX_LOGIN_BYTES} bytes`)
      return { type, server, login: { name: login.name, password } }
    }),
  )
}
