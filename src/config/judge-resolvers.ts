/** Ringfence's own look-ups walk the same road: a resolver that the policy forbids is an error of the settings. */
import { formatEndpoint } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import { OperatorError } from '../model/errors.ts'
import type { FlowId, Millis } from '../model/flow.ts'
import { anonymous } from '../model/identity.ts'
import { isLocal } from '../model/scope.ts'
import { decide } from '../pipeline/decide.ts'
import { identify, whenNamesEnd } from '../pipeline/identify.ts'
import { locate } from '../pipeline/locate.ts'
import type { Locator } from '../pipeline/ports.ts'
import type { RefusalSettings } from '../pipeline/refusals.ts'
import type { Policy } from '../policy/policy.ts'
import { isPath } from './load.ts'
import type { Settings } from './settings.ts'

/** Throws OperatorError for the first configured name server that may not be asked. */
export function judgeResolvers(
  settings: Settings,
  policy: Policy,
  locator: Locator,
  refusals: RefusalSettings,
  apps: AppCatalogue,
  now: Millis,
): void {
  for (const server of settings.resolver.servers) {
    if (server.kind === 'system' || isLocal(server.host)) continue
    const flow = {
      id: 'resolver' as FlowId,
      openedAt: now,
      inbound: 'resolver',
      network: 'udp' as const,
      client: { host: server.host, port: server.port },
      who: anonymous,
      asked: { host: { kind: 'ip' as const, ip: server.host }, port: server.port },
    }
    const known = whenNamesEnd(identify(flow, now, apps))
    const { kind, verdict } = decide(policy, known, [locate(server.host, locator)], flow, refusals)
    if (kind === 'dial') continue
    const why = verdict.reasons.map((reason) => ('fence' in reason ? `fence "${reason.fence}"` : reason.kind)).join(', ')
    const where = settings.file === null || !isPath(settings.file) ? 'settings' : settings.file
    throw new OperatorError(`${where}: resolver.servers: ${formatEndpoint(server)} is forbidden by ${why} of policy ${policy.name}`)
  }
}
