/**
 * Questions over a connection that is kept for the next ones. One that breaks under a question says nothing about the
 * server (most close idle ones at a moment of their own), so that question gets a second connection, and no third.
 */
import type { Stop } from '../../model/stop.ts'
import type { Exchange, Question, Reply } from './exchange.ts'

/** The connection ended before the answer; `established`: there had been one. */
export interface Broken {
  readonly kind: 'broken'
  readonly established: boolean
  readonly why: string
  readonly cause: unknown
}

/** A connection, from the moment on when it is sought: what is asked before it stands waits in it. */
export interface Carrier {
  /** Whether it takes further questions. */
  readonly open: boolean
  ask(question: Question, stop: Stop): Promise<Reply | Broken>
}

export function keepConnection(connect: () => Carrier): Exchange {
  let current: Carrier | null = null
  const ask = (question: Question, stop: Stop) => {
    if (current === null || !current.open) current = connect()
    return current.ask(question, stop)
  }
  return {
    exchange: async (question, stop) => {
      const first = await ask(question, stop)
      const reply = first.kind === 'broken' && first.established ? await ask(question, stop) : first
      return reply.kind === 'broken' ? { kind: 'failed', why: reply.why, cause: reply.cause } : reply
    },
  }
}
