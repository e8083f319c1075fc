/**
 * Asks one server after the other until one gives addresses or says that the name has none; only a server that gives no
 * usable answer hands on to the next. Otherwise a name that an internal server denies would leak to a public one, and so
 * would one of a hosts file that cannot be read: that ends the look-up. A server that said nothing at all of late is asked after the others, so that one that is gone costs its time once.
 *
 * A look-up has eight seconds in all, a single server five: each gets its even share of what is left.
 */
import type { Hostname } from '../../model/hostname.ts'
import { type Stop, StopSource } from '../../model/stop.ts'
import type { Answer, NameServer, NameServers, Unusable } from './answer.ts'

/** The reason of a `Stop` whose time is over, which tells it from one of a client that left. */
export const overdue: unique symbol = Symbol('overdue')

export interface LookUpTimes {
  /** All there is for every server, family and retry. */
  readonly lookUpMs: number
  /** What one server gets at most. */
  readonly serverMs: number
  readonly monotonic: () => number
}

export const lookUpTimes = { lookUpMs: 8_000, serverMs: 5_000 } as const

export interface Failure {
  readonly label: string
  readonly answer: Unusable
}

export type Outcome = { readonly label: string; readonly answer: Exclude<Answer, Unusable> } | { readonly failures: readonly Failure[] }

/** `admit` is waited for once, before the first server is asked. Rejects only with what `admit` rejects with. */
export async function askInOrder(
  lists: readonly NameServers[],
  name: Hostname,
  stop: Stop,
  times: LookUpTimes,
  admit: () => Promise<void>,
): Promise<Outcome> {
  const failures: Failure[] = []
  let deadline: number | null = null
  for (const [i, list] of lists.entries()) {
    const known = await list.known(name)
    if (known !== null && isUsable(known)) return { label: list.label, answer: known }
    if (known !== null) return { failures: [...failures, { label: list.label, answer: known }] }
    const servers = reachableFirst(list.servers())
    if (servers.length === 0) failures.push({ label: list.label, answer: { kind: 'failed', why: 'has no name server set' } })
    const kept = recalled(servers, name)
    if (kept !== null) return kept
    if (deadline === null && servers.length > 0) {
      await admit()
      deadline = times.monotonic() + times.lookUpMs
    }
    const later = lists.slice(i + 1).reduce((sum, next) => sum + next.servers().length, 0)
    for (const [j, server] of servers.entries()) {
      const left = Math.max(0, (deadline ?? 0) - times.monotonic())
      const answer = await askFor(server, name, stop, Math.min(times.serverMs, left / (servers.length - j + later)))
      if (isUsable(answer)) return { label: server.label, answer }
      failures.push({ label: server.label, answer })
      if (stop.aborted) return { failures }
    }
  }
  return { failures }
}

const isUsable = (answer: Answer): answer is Exclude<Answer, Unusable> => answer.kind === 'addresses' || answer.kind === 'not-found'

const reachableFirst = (servers: readonly NameServer[]): readonly NameServer[] => [
  ...servers.filter(({ failing }) => !failing),
  ...servers.filter(({ failing }) => failing),
]

/** What any of them said still holds, whoever would be asked first: those before it gave no answer to this name. */
function recalled(servers: readonly NameServer[], name: Hostname): Outcome | null {
  for (const { label, recall } of servers) {
    const answer = recall(name)
    if (answer !== null && isUsable(answer)) return { label, answer }
  }
  return null
}

async function askFor(server: NameServer, name: Hostname, stop: Stop, milliseconds: number): Promise<Answer> {
  const turn = new StopSource()
  const onStop = () => turn.abort(stop.reason)
  const timer = setTimeout(() => turn.abort(overdue), milliseconds)
  stop.addEventListener('abort', onStop)
  if (stop.aborted) onStop()
  try {
    return await server.ask(name, turn)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}
