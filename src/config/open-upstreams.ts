/** What the settings only name of an upstream proxy, read from where it stands: its password, and the authority of its certificate. */
import type { Hop } from '../egress/upstream/hop.ts'
import { readSecret } from '../geoip/secret.ts'
import { OperatorError } from '../model/errors.ts'
import { MAX_LOGIN_BYTES } from '../wire/socks5-client.ts'
import { readAuthorities } from './tls.ts'
import type { UpstreamSettings } from './upstream.ts'

/** The proxies with their passwords and authorities. Throws OperatorError where one can't be read, or does not fit. */
export async function openUpstreams(
  upstreams: readonly UpstreamSettings[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Hop[]> {
  return await Promise.all(
    upstreams.map(async ({ type, server, login, tls: asked }, i) => {
      const tls = asked && { host: asked.host, ca: asked.ca === null ? null : trusted(asked.ca, `upstream[${i}].tls.ca`) }
      if (login === null) return { type, server, login, tls }
      const where = `upstream[${i}].password`
      const password = await readSecret(login.password, env).catch((cause: unknown) => {
        throw cause instanceof OperatorError ? new OperatorError(`${where}: ${cause.message}`, { cause }) : cause
      })
      if (password.length > MAX_LOGIN_BYTES) throw new OperatorError(`${where}: it has more than ${MAX_LOGIN_BYTES} bytes`)
      return { type, server, login: { name: login.name, password }, tls }
    }),
  )
}

function trusted(file: string, where: string): readonly string[] {
  try {
    return readAuthorities(file)
  } catch (cause) {
    throw cause instanceof OperatorError ? new OperatorError(`${where}: ${cause.message}`, { cause }) : cause
  }
}
