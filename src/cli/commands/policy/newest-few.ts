/** The newest few of a stream that comes in another order (records come as flows end), without keeping the stream. */
export class NewestFew<T> {
  readonly #most: number
  #kept: { readonly seq: number; readonly value: T }[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(seq: number, value: T): void {
    if (this.#most === 0) return
    this.#kept.push({ seq, value })
    // Sorted now and then: each time would cost more than the few that are too many.
    if (this.#kept.length >= 2 * this.#most + 16) this.#kept = this.#sorted()
  }

  /** Newest first. */
  list(): readonly T[] {
    return this.#sorted().map(({ value }) => value)
  }

  #sorted() {
    return this.#kept.sort((a, b) => b.seq - a.seq).slice(0, this.#most)
  }
}
