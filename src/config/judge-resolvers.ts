/** Ringfence's own look-ups walk the same road: a resolver that the policy forbids is an error of the settings. */
import type { ResolverServer } from '../egress/resolver-server.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import { OperatorError } from '../model/errors.ts'
import type { FlowId, Millis, Network } from '../model/flow.ts'
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
  const judge = ({ host, port }: Endpoint<Ip>, network: Network) => {
    const flow = {
      id: 'resolver' as FlowId,
      openedAt: now,
      inbound: 'resolver',
      network,
      client: { host, port },
      who: anonymous,
      asked: { host: { kind: 'ip' as const, ip: host }, port },
    }
    return decide(policy, whenNamesEnd(identify(flow, now, apps)), [locate(host, locator)], flow, refusals)
  }
  for (const server of settings.resolver.servers) {
    if (server.kind === 'system' || isLocal(server.host)) continue
    const verdict = networksOf(server)
      .map((network) => judge(server, network))
      .find(({ kind }) => kind !== 'dial')?.verdict
    if (verdict === undefined) continue
    const why = verdict.reasons.map((reason) => ('fence' in reason ? `fence "${reason.fence}"` : reason.kind)).join(', ')
    const where = settings.file === null || !isPath(settings.file) ? 'settings' : settings.file
    throw new OperatorError(`${where}: resolver.servers: ${formatEndpoint(server)} is forbidden by ${why} of policy ${policy.name}`)
  }
}

/** A long answer of a server of `udp` is fetched by TCP. */
const networksOf = ({ kind }: ResolverServer): readonly Network[] => (kind === 'udp' ? ['udp', 'tcp'] : ['tcp'])
