/**
 * Whether so much memory is in use that no new connection may be let in. It is looked at when somebody is at the door,
 * so that it costs an idle process nothing, and a flood is met within milliseconds.
 */
import v8 from 'node:v8'
import vm from 'node:vm'

export interface Ceiling {
  /** Bytes of the process, as the system counts them; `null`: no limit. */
  readonly resident: number | null
  /** Bytes of JavaScript's heap, which aborts the process where it overflows. */
  readonly heap: number
}

interface Use {
  readonly resident: number
  readonly heap: number
}

const LOOK_MS = 20
/** A whole collection of a large heap stops everything for a second. */
const COLLECT_MS = 10_000
/** Once reached, this much of the ceiling must come free. */
const RECOVERED = 0.9
/** With so few connections open it is not they that fill the memory, and turning others away would free none. */
const FEW = 64

export class MemoryCeiling {
  readonly #ceiling: Ceiling
  readonly #monotonic: () => number
  readonly #use: () => Use
  readonly #collect: () => void
  #lookedAt = Number.NEGATIVE_INFINITY
  #collectedAt = Number.NEGATIVE_INFINITY
  #reached = false

  constructor(ceiling: Ceiling, monotonic: () => number, use = useNow, collect = collectGarbage) {
    this.#ceiling = ceiling
    this.#monotonic = monotonic
    this.#use = use
    this.#collect = collect
  }

  /** `open`: how many connections there are. */
  reached(open: number): boolean {
    if (open <= FEW) return false
    const now = this.#monotonic()
    if (now - this.#lookedAt < LOOK_MS) return this.#reached
    this.#lookedAt = now
    let above = this.#isAbove(this.#use())
    // It may be garbage that nobody has needed to collect: where nobody is let in, nobody would.
    if (above && now - this.#collectedAt >= COLLECT_MS) {
      this.#collectedAt = now
      this.#collect()
      above = this.#isAbove(this.#use())
    }
    this.#reached = above
    return above
  }

  #isAbove({ resident, heap }: Use): boolean {
    const share = this.#reached ? RECOVERED : 1
    return heap > this.#ceiling.heap * share || (this.#ceiling.resident !== null && resident > this.#ceiling.resident * share)
  }
}

function useNow(): Use {
  const heap = v8.getHeapStatistics().used_heap_size
  try {
    return { resident: process.memoryUsage.rss(), heap }
  } catch {
    // It is read from a file, for which there may be no descriptor.
    return { resident: 0, heap }
  }
}

/** Node hands its collector out to those alone who ask for it by a flag, which may be set at any time. */
function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = vm.runInNewContext('gc')
  if (typeof collect === 'function') collect()
}
