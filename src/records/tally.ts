/** Counts of a run: how the flows were judged, and what each policy in the shadow would have done. */
import type { EventBody } from '../model/event.ts'
import type { Effect, Would } from '../model/verdict.ts'
import type { FlowWriter } from '../pipeline/ports.ts'

export class Tally implements FlowWriter {
  readonly #writer: FlowWriter
  readonly #verdicts: Record<Effect, number> = { allow: 0, log: 0, block: 0 }
  readonly #wouldBlock = new Map<string, number>()

  /** Counts what `writer` has written. */
  constructor(writer: FlowWriter) {
    this.#writer = writer
  }

  async append(event: EventBody): Promise<void> {
    await this.#writer.append(event)
    if (event.type !== 'decided') return
    this.#verdicts[event.verdict]++
    for (const [policy, would] of Object.entries(event.shadow)) this.#count(policy, would)
  }

  /** `12 flows: 11 allowed, 1 refused; policy no-cn would have blocked 3` */
  get summary(): string {
    const { allow, log, block } = this.#verdicts
    const flows = allow + log + block
    const flagged = log === 0 ? '' : `, ${log} flagged`
    const shadows = [...this.#wouldBlock].map(([policy, count]) => `; policy ${policy} would have blocked ${count}`)
    return `${flows} ${flows === 1 ? 'flow' : 'flows'}: ${allow} allowed${flagged}, ${block} refused${shadows.join('')}`
  }

  #count(policy: string, would: Would): void {
    this.#wouldBlock.set(policy, (this.#wouldBlock.get(policy) ?? 0) + (would === 'block' ? 1 : 0))
  }
}
