/** The running proxy's policy, looked after: what changed is journalled, live flows are judged again, and the log says so. */
import type { Logger } from 'pino'
import { formatProblem } from '../model/errors.ts'
import type { LiveFlows } from '../pipeline/live-flows.ts'
import type { Clock, FlowWriter } from '../pipeline/ports.ts'
import { endedExceptions } from '../policy/analyse.ts'
import type { Policy } from '../policy/policy.ts'
import type { LivePolicy, PolicyListener } from './live-policy.ts'

export interface PolicyWatchWorld {
  readonly live: LiveFlows
  readonly writer: FlowWriter
  readonly clock: Clock
  readonly log: Logger
  /** Another policy is in force. */
  readonly swapped: () => Promise<void>
}

export interface PolicyWatch {
  /** Looks now; `anew`: even if nothing seems to have changed. Never rejects. */
  readonly look: (anew?: boolean) => Promise<void>
  readonly stop: () => void
}

/** How often the policy's files, overlays and the time are looked at. */
const POLICY_MS = 1_000

export function watchPolicy(policies: LivePolicy, { live, writer, clock, log, swapped }: PolicyWatchWorld): PolicyWatch {
  const told: PolicyListener = {
    swap: async ({ name, hash, mode }) => {
      await writer.append({ type: 'policy', name, hash, mode })
    },
    overlay: async (fence, overlay) => {
      const until = overlay === null ? null : new Date(overlay.until).toISOString()
      await writer.append({ type: 'overlay', fence, enabled: overlay?.enabled ?? null, until, reason: overlay?.reason ?? '' })
      const what = overlay === null ? 'is over' : `turns it ${overlay.enabled ? 'on' : 'off'} until ${until}: ${overlay.reason}`
      log.warn({ fence }, `overlay of fence "${fence}" ${what}`)
    },
    rejudge: async (policy, why) => {
      const count = live.size
      const cut = await live.rejudge(policy, clock.now())
      const what =
        why === 'policy' ? `policy ${policy.name} is in force (${policy.hash.slice(0, 12)})` : 'a schedule or an exception has turned'
      log.info({ policy: policy.hash }, `${what}: of ${count} live flows ${cut} ${cut === 1 ? 'was' : 'were'} cut`)
      return cut
    },
    refused: (why) => {
      log.error(`policy not taken: ${why}; what is in force stays`)
      // What can't be written is tried no second time: the log has it.
      void writer.append({ type: 'policy-refused', name: policies.current.name, message: why }).catch(() => undefined)
    },
  }
  const look = async (anew = false) => {
    const before = policies.current.hash
    await policies.look(told, anew)
    if (policies.current.hash === before) {
      if (anew && policies.refused === null) log.info(`policy ${policies.current.name} is as it was`)
      return
    }
    tellOfPolicy(policies.current, clock, log)
    await swapped()
  }
  const timer = setInterval(() => void look(), POLICY_MS).unref()
  return { look, stop: () => clearInterval(timer) }
}

/** What is most likely not meant, each time that a policy comes into force. */
export function tellOfPolicy(policy: Policy, clock: Clock, log: Logger): void {
  for (const problem of [...policy.warnings, ...endedExceptions(policy, clock.now())])
    log.warn(`policy ${policy.name}: ${formatProblem(problem)}`)
}
