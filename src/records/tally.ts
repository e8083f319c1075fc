/** Counts of a run: how the flows were judged, and what each policy in the shadow would have done. */
import type { Decided, Ended, EventBody } from '../model/event.ts'
import type { FlowWriter } from '../pipeline/ports.ts'
import { cameToNothing } from './record.ts'

export class Tally implements FlowWriter {
  readonly #writer: FlowWriter
  readonly #counts = { allowed: 0, flagged: 0, refused: 0, notReached: 0, unwritten: 0 }
  readonly #wouldBlock = new Map<string, number>()
  /** Those under way that a fence flagged: they stay so where nothing is reached. */
  readonly #flagged = new Set<string>()

  /** Counts what `writer` has written, and what it could not write. */
  constructor(writer: FlowWriter) {
    this.#writer = writer
  }

  async append(event: EventBody): Promise<void> {
    try {
      await this.#writer.append(event)
    } catch (error) {
      this.#counts.unwritten++
      if (event.type === 'ended') this.#flagged.delete(event.id)
      throw error
    }
    if (event.type === 'decided') this.#count(event)
    if (event.type === 'ended') this.#end(event)
  }

  /** `12 flows: 10 allowed, 1 refused, 1 not reached; policy no-cn would also have blocked 3` */
  get summary(): string {
    const { allowed, flagged, refused, notReached, unwritten } = this.#counts
    const flows = allowed + flagged + refused + notReached
    const parts = [
      `${allowed} allowed`,
      ...(flagged > 0 ? [`${flagged} flagged`] : []),
      `${refused} refused`,
      ...(notReached > 0 ? [`${notReached} not reached`] : []),
      ...(unwritten > 0 ? [`${unwritten} ${unwritten === 1 ? 'event' : 'events'} could not be recorded`] : []),
    ]
    const shadows = [...this.#wouldBlock].map(([policy, count]) => `; policy ${policy} would also have blocked ${count}`)
    return `${flows} ${flows === 1 ? 'flow' : 'flows'}: ${parts.join(', ')}${shadows.join('')}`
  }

  #count({ id, verdict, reasons, shadow }: Decided): void {
    if (verdict === 'allow') this.#counts.allowed++
    else if (verdict === 'log') {
      this.#counts.flagged++
      this.#flagged.add(id)
    } else if (reasons.length > 0 && reasons.every(({ kind }) => kind === 'error')) this.#counts.notReached++
    else this.#counts.refused++
    // What was refused in any case is not what the other policy would have added.
    if (verdict === 'block') return
    for (const [policy, would] of Object.entries(shadow))
      if (would === 'block') this.#wouldBlock.set(policy, (this.#wouldBlock.get(policy) ?? 0) + 1)
  }

  #end(ended: Ended): void {
    if (this.#flagged.delete(ended.id) || !cameToNothing(ended)) return
    this.#counts.allowed--
    this.#counts.notReached++
  }
}
