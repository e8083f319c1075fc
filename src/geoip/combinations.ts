/**
 * Lays the ranges of several sources over each other and numbers the distinct combinations of their values, the same
 * for both address families. It knows neither countries nor networks.
 */
import { type Lanes, overlay, type Ranges, uniform } from './ranges.ts'

/** Ranges whose values are numbers of combinations. */
export interface LaidOver {
  readonly v4: Ranges
  readonly v6: Ranges
  /** Combination `n` has the values of all sources from `n × sources` on, in their order. */
  readonly rows: Uint32Array
  /** How many distinct combinations there are. */
  readonly count: number
}

interface Layer {
  readonly v4: Ranges
  readonly v6: Ranges
}

/** Lays the sources over each other. Of none, everything is the one empty combination. */
export function layOver(sources: readonly Layer[]): LaidOver {
  const steps = sources.map(() => new Step())
  // Short ones first: each overlay copies what lies below it.
  const order = sources.map((_, i) => i).sort((a, b) => length(sources[a]) - length(sources[b]))
  const fold = (lanes: Lanes, ranges: (layer: Layer) => Ranges): Ranges =>
    order.reduce(
      (below, source, at) => {
        const layer = sources[source]
        const step = steps[at]
        if (layer === undefined || step === undefined) throw new RangeError(`no source ${source}`)
        return overlay(below, ranges(layer), (left, right) => step.number(left, right))
      },
      uniform(lanes, 0),
    )
  const v4 = fold(1, (layer) => layer.v4)
  const v6 = fold(4, (layer) => layer.v6)
  return { v4, v6, ...rowsOf(steps, order) }
}

const length = (layer: Layer | undefined): number => (layer === undefined ? 0 : layer.v4.values.length + layer.v6.values.length)

/** Numbers the pairs of a combination so far and one more value. */
class Step {
  readonly left: number[] = []
  readonly right: number[] = []
  readonly #numbers = new Map<number, number>()

  number(left: number, right: number): number {
    // Both are below 2^26, or there would be more ranges than a file can hold; their pair is an exact double.
    const key = left * 0x400_0000 + right
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const fresh = this.left.length
    this.#numbers.set(key, fresh)
    this.left.push(left)
    this.right.push(right)
    return fresh
  }
}

/** Walks each combination of the last step back to the first. */
function rowsOf(steps: readonly Step[], order: readonly number[]): { readonly rows: Uint32Array; readonly count: number } {
  const count = steps.at(-1)?.left.length ?? 1
  const rows = new Uint32Array(count * steps.length)
  for (let combination = 0; combination < count; combination++) {
    let at = combination
    for (let i = steps.length - 1; i >= 0; i--) {
      rows[combination * steps.length + (order[i] ?? 0)] = steps[i]?.right[at] ?? 0
      at = steps[i]?.left[at] ?? 0
    }
  }
  return { rows, count }
}
