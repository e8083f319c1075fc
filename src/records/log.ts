/** Flows as lines of the program's log, for whoever watches it: the sentence of each verdict, and what failed later. */
import type { EventBody } from '../model/event.ts'
import type { FlowWriter } from '../pipeline/ports.ts'

/** The part of a logger that is used: pino's, or a test's. */
export interface FlowLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** A writer that tells the log of what the other one has written. */
export const followInLog = (writer: FlowWriter, log: FlowLog): FlowWriter => ({
  async append(event) {
    await writer.append(event)
    tell(event, log)
  },
})

function tell(event: EventBody, log: FlowLog): void {
  if (event.type === 'decided' || event.type === 'rejudged') {
    const fields = { flow: event.id, verdict: event.verdict, would: event.would }
    const loud = event.verdict === 'block' || event.would === 'block'
    if (event.type === 'decided' || loud) log[loud ? 'warn' : 'info'](fields, event.personal.sentence)
  } else if (event.type === 'ended' && event.code !== null && event.code !== 'client.gone') {
    log.info({ flow: event.id, code: event.code }, `Ended: ${event.message ?? event.code}`)
  }
}
