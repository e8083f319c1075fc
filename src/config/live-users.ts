/** The users in force, kept up with their file: a good one takes the place of what was read before, a bad one does not. */
import type { TooManyFailures } from '../inbound/door.ts'
import type { Ip } from '../model/address.ts'
import type { Identity } from '../model/identity.ts'
import { type Burst, LoginFailures } from './login-failures.ts'
import { readPrivateText } from './private-text.ts'
import { Turns } from './turns.ts'
import { parseUsers, Users } from './users.ts'

/** Of the four threads that file and journal use too. */
const AT_ONCE = 2

/** Who is told of what a look came to. */
export interface UsersListener {
  readonly replaced: (count: number) => void
  readonly refused: (why: string) => void
}

/** How many logins may fail, and who is told when too many have. */
export interface FailureLimit {
  readonly perMinute: number
  readonly monotonic?: () => number
  readonly tell?: (burst: Burst) => void
}

export class LiveUsers {
  readonly #file: string
  /** One for all readings of the file: those that were under way when it was replaced still hold theirs. */
  readonly #turns = new Turns(AT_ONCE)
  readonly #failures: LoginFailures
  #seen: string | null
  #users: Users

  /** Throws ConfigErrors with every fault of the file, OperatorError where it can't be read. */
  constructor(file: string, { perMinute, monotonic = () => performance.now(), tell = () => {} }: FailureLimit) {
    this.#file = file
    this.#failures = new LoginFailures(perMinute, monotonic, tell)
    this.#seen = readPrivateText(file)
    this.#users = new Users(parseUsers(this.#seen, file), this.#turns, this.#failures)
  }

  get count(): number {
    return this.#users.all.length
  }

  has(name: string): boolean {
    return this.#users.has(name)
  }

  authenticate(name: string, password: string, from: Ip, signal: AbortSignal): Promise<Identity | TooManyFailures | null> {
    return this.#users.verify(name, password, from, signal)
  }

  /** Looks whether the file has changed, by what it holds: it is small. Never throws. */
  look(told: UsersListener): void {
    const text = this.#read()
    if (text === this.#seen) return
    this.#seen = text
    try {
      // Read again where it can't be read, for the reason.
      this.#users = new Users(parseUsers(text ?? readPrivateText(this.#file), this.#file), this.#turns, this.#failures)
      told.replaced(this.count)
    } catch (error) {
      told.refused(error instanceof Error ? error.message : String(error))
    }
  }

  #read(): string | null {
    try {
      return readPrivateText(this.#file)
    } catch {
      return null
    }
  }
}
