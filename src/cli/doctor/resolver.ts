/** Whether each configured name server answers. */

import { judgeResolvers } from '../../config/judge-resolvers.ts'
import { libraryFor } from '../../config/library.ts'
import { createResolver } from '../../egress/resolver.ts'
import type { ResolverServer } from '../../egress/resolver-server.ts'
import { unlocated } from '../../geoip/table.ts'
import { formatEndpoint } from '../../model/address.ts'
import { OperatorError, RingfenceError } from '../../model/errors.ts'
import { isHost, parseHost } from '../../model/hostname.ts'
import { refusalsOf } from '../refusals.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

/** A name that every public name server knows (RFC 2606 reserves it). */
const NAME = 'example.com'
const ANSWER_MS = 3_000

export const resolver: Check = async ({ settings, policy, opened: { table }, clock, offline }) => {
  if (offline) return [{ state: 'skipped', says: 'name servers are not asked (--offline)' }]
  try {
    judgeResolvers(
      settings,
      policy,
      table ?? { hash: 'none', locate: unlocated },
      refusalsOf(settings),
      libraryFor(settings).apps,
      clock.now(),
    )
  } catch (error) {
    // Whom the proxy would not ask, nobody asks.
    if (error instanceof OperatorError) return [fail(error.message, 'another server under "resolver", or an exception in the policy')]
    throw error
  }
  return await Promise.all(settings.resolver.servers.map((server) => ask(server)))
}

async function ask(server: ResolverServer): Promise<Finding> {
  const label =
    server.kind === 'system'
      ? "this machine's resolver"
      : `name server ${server.kind === 'udp' ? '' : `${server.kind}://`}${formatEndpoint(server)}`
  const where = server.kind === 'system' ? '/etc/resolv.conf, or another server under "resolver"' : 'another server under "resolver"'
  const host = parseHost(NAME)
  if (!isHost(host) || host.kind !== 'name') throw new Error(`${NAME} is a name`)
  try {
    const [first] = await createResolver([server]).resolve(host.name, AbortSignal.timeout(ANSWER_MS))
    return ok(`${label} answers (${NAME} is at ${first})`)
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error
    // That is an answer: one that serves an internal network alone gives it.
    if (error.code === 'resolve.not-found') return warn(`${label} answers, but knows no ${NAME}`, `if public names are needed: ${where}`)
    return fail(`${label}: ${error.message}`, where)
  }
}
