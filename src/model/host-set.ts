/** Host patterns compiled for look-ups: a name's labels are walked once, so that a hundred thousand patterns cost no more than one. */
import type { HostPattern } from './host-pattern.ts'
import { SharedLists } from './shared-lists.ts'

export class HostSet {
  readonly #itself: ReadonlySet<string>
  readonly #below: ReadonlySet<string>

  constructor(patterns: readonly HostPattern[]) {
    this.#itself = new Set(patterns.filter(({ itself }) => itself).map(({ name }) => name))
    this.#below = new Set(patterns.filter(({ below }) => below).map(({ name }) => name))
  }

  has(name: string): boolean {
    if (this.#itself.has(name)) return true
    if (this.#below.size === 0) return false
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) if (this.#below.has(name.slice(dot + 1))) return true
    return false
  }
}

/** Patterns with values. Several may match one name, and one may stand here several times. */
export class HostMap<T> {
  readonly #none: readonly T[]
  readonly #itself = new Map<string, readonly T[]>()
  readonly #below = new Map<string, readonly T[]>()

  constructor(entries: Iterable<readonly [HostPattern, T]>) {
    const lists = new SharedLists<T>()
    this.#none = lists.none
    for (const [{ name, itself, below }, value] of entries) {
      if (itself) this.#itself.set(name, lists.plus(this.#itself.get(name) ?? lists.none, value))
      if (below) this.#below.set(name, lists.plus(this.#below.get(name) ?? lists.none, value))
    }
  }

  /** The values of all patterns that match, each once, those nearest to the name first. Shared and frozen where it is those of one pattern. */
  get(name: string): readonly T[] {
    let found = this.#itself.get(name) ?? this.#none
    if (this.#below.size === 0) return found
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const more = this.#below.get(name.slice(dot + 1))
      if (more !== undefined) found = found.length === 0 ? more : [...new Set([...found, ...more])]
    }
    return found
  }
}
