/**
 * Questions over connections that are kept for the next ones: one for all where it takes several at once, else one for
 * each question that is under way, of which there are no more than look-ups have places. One that breaks under a question
 * says nothing about the server (most close idle ones at a moment of their own), so that question gets a second
 * connection, and no third.
 */
import type { Stop } from '../../model/stop.ts'
import type { Unusable } from './answer.ts'
import type { Exchange, Question, Reply } from './exchange.ts'

/** The connection ended before the answer; `established`: there had been one. */
export interface Broken {
  readonly kind: 'broken'
  readonly established: boolean
  readonly failure: Unusable
}

/** It turned out to take one question at a time, and has one: the question was not put. */
export interface Busy {
  readonly kind: 'busy'
}

/** A connection, from the moment on when it is sought: what is asked before it stands waits in it. */
export interface Carrier {
  /** Whether it takes another question now. */
  readonly open: boolean
  /** Whether it never will again. */
  readonly over: boolean
  ask(question: Question, stop: Stop): Promise<Reply | Broken | Busy>
}

export function keepConnections(connect: () => Carrier): Exchange {
  let carriers: readonly Carrier[] = []
  /** The youngest first: where fewer are needed the oldest become idle and end. */
  const next = (): Carrier => {
    carriers = carriers.filter(({ over }) => !over)
    const open = carriers.find((carrier) => carrier.open)
    if (open !== undefined) return open
    const fresh = connect()
    carriers = [fresh, ...carriers]
    return fresh
  }
  const ask = async (question: Question, stop: Stop): Promise<Reply | Broken> => {
    for (;;) {
      const reply = await next().ask(question, stop)
      if (reply.kind !== 'busy') return reply
    }
  }
  return {
    exchange: async (question, stop) => {
      const first = await ask(question, stop)
      const reply = first.kind === 'broken' && first.established ? await ask(question, stop) : first
      return reply.kind === 'broken' ? reply.failure : reply
    },
  }
}
