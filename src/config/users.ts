/**
 * Who may log in: the users' file (`users.yaml`), read, and the check of a name and a password against it. How long an
 * answer takes says nothing: an unknown name costs one scrypt like a known one, and only a login that succeeded before
 * is answered without. Neither passwords nor hashes are in any message.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { TooManyFailures } from '../inbound/door.ts'
import type { Ip } from '../model/address.ts'
import { householdOf } from '../model/household.ts'
import { ANONYMOUS, type Identity, userNamePattern } from '../model/identity.ts'
import type { Report } from '../policy/path.ts'
import { readSource } from '../policy/yaml-source.ts'
import { LoginCache } from './login-cache.ts'
import type { LoginFailures } from './login-failures.ts'
import { groupName } from './names.ts'
import { isPassword, OURS, type PasswordHash, parsePasswordHash } from './password-hash.ts'
import type { Turns } from './turns.ts'

const userName = z
  .string()
  .regex(userNamePattern, { error: 'must be lower-case letters, digits, dots, hyphens, "_" and "@", at most 64' })
  .refine((name) => name !== ANONYMOUS, { error: `must not be "${ANONYMOUS}", which is what those are called who did not log in` })

const usersDocument = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  users: z.array(
    z.strictObject({
      name: userName,
      groups: z.array(groupName).default([]),
      password: z.string({ error: 'must be a hash that "ringfence users add" wrote' }),
    }),
  ),
})

export interface User {
  readonly name: string
  readonly groups: readonly string[]
  readonly password: PasswordHash
}

/** What is wrong with a user's name, or `null`. */
export const userNameProblem = (name: string): string | null => userName.safeParse(name).error?.issues[0]?.message ?? null

/** Throws ConfigErrors with every fault of the file. */
export function parseUsers(text: string, file: string): readonly User[] {
  const { value, report, throwIfReported } = readSource(text, file, usersDocument)
  const users = value.users.flatMap((written, i) => {
    const password = parsePasswordHash(written.password)
    if (!('problem' in password)) return [{ ...written, password }]
    report(['users', i, 'password'], password.problem)
    return []
  })
  reportRepeated(
    value.users.map(({ name }) => name),
    report,
  )
  throwIfReported()
  return users
}

function reportRepeated(names: readonly string[], report: Report): void {
  for (const [i, name] of names.entries()) {
    const first = names.indexOf(name)
    if (first < i) report(['users', i, 'name'], `users[${first}] is called "${name}" already`)
  }
}

/** For a file without users: what is checked against it fails, and takes as long as elsewhere. */
const nobody: PasswordHash = { ...OURS, salt: randomBytes(16), hash: randomBytes(32) }

export class Users {
  readonly all: readonly User[]
  readonly #byName: ReadonlyMap<string, User>
  readonly #turns: Turns
  readonly #failures: LoginFailures
  /** Of this process and of this reading of the file: what is kept under it is of no use to anybody else. */
  readonly #key = randomBytes(32)
  readonly #cache = new LoginCache()

  constructor(all: readonly User[], turns: Turns, failures: LoginFailures) {
    this.all = all
    this.#byName = new Map(all.map((user) => [user.name, user]))
    this.#turns = turns
    this.#failures = failures
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** `null`: there is no such user, or this is not the password. Throws the signal's reason where it fires before the turn of `from` has come. */
  async verify(name: string, password: string, from: Ip, signal: AbortSignal): Promise<Identity | TooManyFailures | null> {
    const login = this.#digest('login', `${name.length}:${name}${password}`).toString('base64')
    const known = this.#cache.get(login)
    if (known !== undefined) return known
    const wait = this.#failures.waitMs(name, from)
    if (wait > 0) return { retryAfterMs: wait }
    const done = await this.#turns.take(householdOf(from), signal)
    try {
      // A browser opens many connections at once: those that waited for the first need no scrypt of their own.
      const meanwhile = this.#cache.get(login)
      if (meanwhile !== undefined) return meanwhile
      // Others may have failed in the meantime, who asked when all was well.
      const waitNow = this.#failures.waitMs(name, from)
      if (waitNow > 0) return { retryAfterMs: waitNow }
      const user = this.#byName.get(name)
      const isTheirs = await isPassword(password, user?.password ?? this.#standIn(name))
      if (user === undefined || !isTheirs) {
        this.#failures.failed(name, from)
        return null
      }
      this.#failures.succeeded(name, from)
      const identity: Identity = { name: user.name, groups: user.groups, by: 'password' }
      this.#cache.set(login, identity)
      return identity
    } finally {
      done()
    }
  }

  /** Where the hashes of a file differ in cost, so do those of unknown names: each has that of one user, always the same. */
  #standIn(name: string): PasswordHash {
    return this.all[this.#digest('stand-in', name).readUInt32BE() % Math.max(1, this.all.length)]?.password ?? nobody
  }

  #digest(use: string, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`${use}\0${text}`).digest()
  }
}
