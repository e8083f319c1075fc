/** Lists of few values that many keys have in common: the same list is the same frozen array, so that equality is `===`. */
export class SharedLists<T> {
  readonly none: readonly T[] = Object.freeze([])
  readonly #longer = new Map<readonly T[], Map<T, readonly T[]>>()

  /** The list with one value more, or itself where it holds that value. Start from `none`, and give no list but those of this object. */
  plus(list: readonly T[], value: T): readonly T[] {
    const known = this.#longer.get(list) ?? new Map<T, readonly T[]>()
    this.#longer.set(list, known)
    const made = known.get(value) ?? (list.includes(value) ? list : Object.freeze([...list, value]))
    known.set(value, made)
    return made
  }
}
