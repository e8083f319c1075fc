/**
 * How many logins may fail before no further one is checked: so many a minute of one client, and of one name, whoever
 * tries it. A bucket each, which runs dry by failures and fills by time. Somebody who has logged in from there before has
 * a bucket of their own, so that neither a neighbour nor a stranger who guesses at their name keeps them out.
 */
import { createHash } from 'node:crypto'
import type { Ip } from '../model/address.ts'
import { householdOf } from '../model/household.ts'

/** Who or what is not checked for the moment. */
export interface Burst {
  readonly client: Ip
  /** Whether it is the name that too many have tried, and not the client that tried too much. */
  readonly byName: boolean
}

interface Bucket {
  /** Failures that time has not made good. */
  readonly level: number
  readonly at: number
  readonly told: boolean
}

/** Of each kind; the one that was not used for longest goes first. */
const MOST = 8_192
const MINUTE_MS = 60_000

export class LoginFailures {
  readonly #perMinute: number
  readonly #monotonic: () => number
  readonly #tell: (burst: Burst) => void
  readonly #clients = new Map<string, Bucket>()
  readonly #names = new Map<string, Bucket>()
  /** By client and name, of those who have logged in. */
  readonly #acquaintances = new Map<string, Bucket>()

  constructor(perMinute: number, monotonic: () => number, tell: (burst: Burst) => void) {
    this.#perMinute = perMinute
    this.#monotonic = monotonic
    this.#tell = tell
  }

  /** How long until a login may be checked again; 0: it may. Who is told so is told of, once until the bucket is full again. */
  waitMs(name: string, client: Ip): number {
    for (const [buckets, key, byName] of this.#bucketsOf(name, client)) {
      const bucket = this.#read(buckets, key)
      const wait = Math.ceil(((bucket.level + 1 - this.#perMinute) * MINUTE_MS) / this.#perMinute)
      if (wait <= 0) continue
      if (!bucket.told) this.#tell({ client, byName })
      this.#write(buckets, key, { ...bucket, told: true })
      return wait
    }
    return 0
  }

  failed(name: string, client: Ip): void {
    for (const [buckets, key] of this.#bucketsOf(name, client)) {
      const bucket = this.#read(buckets, key)
      this.#write(buckets, key, { ...bucket, level: bucket.level + 1 })
    }
  }

  succeeded(name: string, client: Ip): void {
    const key = acquaintance(name, client)
    this.#write(this.#acquaintances, key, this.#read(this.#acquaintances, key))
  }

  #bucketsOf(name: string, client: Ip): readonly (readonly [Map<string, Bucket>, string, boolean])[] {
    const own = acquaintance(name, client)
    if (this.#acquaintances.has(own)) return [[this.#acquaintances, own, false]]
    return [
      [this.#clients, householdOf(client), false],
      [this.#names, digest(name), true],
    ]
  }

  #read(buckets: Map<string, Bucket>, key: string): Bucket {
    const now = this.#monotonic()
    const bucket = buckets.get(key)
    if (bucket === undefined) return { level: 0, at: now, told: false }
    const level = Math.max(0, bucket.level - ((now - bucket.at) * this.#perMinute) / MINUTE_MS)
    return { level, at: now, told: bucket.told && level > 0 }
  }

  #write(buckets: Map<string, Bucket>, key: string, bucket: Bucket): void {
    buckets.delete(key)
    buckets.set(key, bucket)
    const [oldest] = buckets.keys()
    if (buckets.size > MOST && oldest !== undefined) buckets.delete(oldest)
  }
}

/** A name may be as long as a head, and may be a password that somebody typed into the wrong field. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64')

const acquaintance = (name: string, client: Ip): string => `${householdOf(client)} ${digest(name)}`
