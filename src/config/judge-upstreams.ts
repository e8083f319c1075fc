/** An upstream proxy that no flow may go through under the policy in force is an error of the settings, as a forbidden resolver is. */
import { formatEndpoint } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import { OperatorError } from '../model/errors.ts'
import type { Flow, FlowId, Millis } from '../model/flow.ts'
import { anonymous } from '../model/identity.ts'
import { judgeHop, locateHops, refusalOfHop } from '../pipeline/hops.ts'
import { identify } from '../pipeline/identify.ts'
import type { Locator } from '../pipeline/ports.ts'
import type { RefusalSettings } from '../pipeline/refusals.ts'
import type { Policy } from '../policy/policy.ts'
import { isPath } from './load.ts'
import type { Settings } from './settings.ts'

/**
 * Throws OperatorError for the first that nothing may go through: refused in every mode, or blocked by `local_network`
 * or by a fence over all traffic that no exception may lift. Fences over a part of the traffic are asked flow by flow.
 */
export function judgeUpstreams(
  settings: Settings,
  policy: Policy,
  locator: Locator,
  refusals: RefusalSettings,
  apps: AppCatalogue,
  now: Millis,
): void {
  const overall = { ...policy, fences: policy.fences.filter(({ traffic, exceptions }) => traffic.length === 0 && exceptions.length === 0) }
  const hops = locateHops(
    settings.upstream.map(({ server }) => server),
    locator,
  )
  for (const hop of hops) {
    const flow: Flow = {
      id: 'upstream' as FlowId,
      openedAt: now,
      inbound: 'upstream',
      network: 'tcp',
      client: { host: hop.ip, port: hop.port },
      who: anonymous,
      asked: { host: { kind: 'ip', ip: hop.ip }, port: hop.port },
    }
    const judged = judgeHop(overall, identify(flow, now, apps), [], hop, refusalOfHop(hop, flow, refusals))
    if (judged.permitted) continue
    const fences = judged.fences.filter(({ effect }) => effect === 'block').map(({ fence }) => `fence "${fence}"`)
    const why = judged.refusal !== null ? [judged.refusal] : judged.localNetwork === 'block' ? ['local_network', ...fences] : fences
    const where = settings.file === null || !isPath(settings.file) ? 'settings' : settings.file
    const index = hops.indexOf(hop)
    throw new OperatorError(
      `${where}: upstream[${index}].server: ${formatEndpoint({ host: hop.ip, port: hop.port })} is forbidden by ${why.join(', ')} of policy ${policy.name}`,
    )
  }
}
