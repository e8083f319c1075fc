/** Connections and the like that were turned away, by why: the log is told at once of the first, and then once a minute of how many. */

/** `descriptors`: the machine had none left to accept with. */
export type Why = 'connections' | 'client' | 'memory' | 'descriptors'

export type Counts<W extends string = Why> = Readonly<Partial<Record<W, number>>>

const PAUSE_MS = 60_000

export class TurnedAway<W extends string = Why> {
  readonly #tell: (counts: Counts<W>) => void
  readonly #pauseMs: number
  #counts: Partial<Record<W, number>> = {}
  #timer: NodeJS.Timeout | null = null

  constructor(tell: (counts: Counts<W>) => void, pauseMs = PAUSE_MS) {
    this.#tell = tell
    this.#pauseMs = pauseMs
  }

  add(why: W): void {
    this.#counts[why] = (this.#counts[why] ?? 0) + 1
    if (this.#timer === null) this.#say()
  }

  #say(): void {
    const counts = this.#counts
    this.#counts = {}
    this.#tell(counts)
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (Object.keys(this.#counts).length > 0) this.#say()
    }, this.#pauseMs).unref()
  }
}
