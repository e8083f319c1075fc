/** Logins that succeeded, by a digest: HTTP sends the password with each request, and scrypt costs far more than a request. */
import type { Identity } from '../model/identity.ts'

/** More than the users that one proxy has at the same time; the one that was not used for longest goes first. */
const MOST = 1_024

export class LoginCache {
  readonly #most: number
  /** In the order of their last use. */
  readonly #known = new Map<string, Identity>()

  constructor(most = MOST) {
    this.#most = most
  }

  get(digest: string): Identity | undefined {
    const identity = this.#known.get(digest)
    if (identity !== undefined) this.set(digest, identity)
    return identity
  }

  set(digest: string, identity: Identity): void {
    this.#known.delete(digest)
    this.#known.set(digest, identity)
    const [oldest] = this.#known.keys()
    if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest)
  }
}
