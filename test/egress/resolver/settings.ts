/** Settings of a resolver as its tests want them: short waits, answers kept for this one alone. */
import type { Answer, NameServer } from '../../../src/egress/resolver/answer.ts'
import type { ResolverSettings } from '../../../src/egress/resolver/index.ts'
import { KeptAnswers } from '../../../src/egress/resolver/kept-answers.ts'
import { overdue } from '../../../src/egress/resolver/servers-in-order.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { name } from '../support.ts'

export const settingsFor = (overrides: Partial<ResolverSettings> = {}): ResolverSettings => {
  const monotonic = overrides.monotonic ?? (() => performance.now())
  return {
    retryMs: 250,
    resolutionDelayMs: 50,
    hostsPath: '/nonexistent',
    systemServers: () => [],
    ca: null,
    monotonic,
    kept: new KeptAnswers(monotonic),
    ...overrides,
  }
}

/** Asks one server as `servers-in-order.ts` does: for so long and no longer. */
export async function askFor(server: NameServer, text: string, milliseconds = 300): Promise<Answer> {
  const stop = new StopSource()
  const timer = setTimeout(() => stop.abort(overdue), milliseconds)
  try {
    return await server.ask(name(text), stop)
  } finally {
    clearTimeout(timer)
  }
}
