/**
 * The table in force, kept up with its files: a replaced file is read, verified, built apart and swapped in, while
 * flows go on by the table that they began with. Changes during a build make one more build, however many they are.
 */
import { stat } from 'node:fs/promises'
import type { Ip } from '../model/address.ts'
import type { Location } from '../model/location.ts'
import type { Opened } from './accepted-table.ts'
import type { GeoTable } from './index.ts'
import { unlocated } from './table.ts'

/** What the road asks of a table. */
interface Locating {
  readonly hash: string
  locate(ip: Ip): Location
}

/** What is asked where no table is good. */
const noTable: Locating = { hash: 'none', locate: unlocated }

/** How the table is opened. */
export interface LiveTableWorld {
  /** The files that the table depends on. */
  readonly files: () => Promise<readonly string[]>
  /** Measured by the table in force, if there is one. */
  readonly open: (inForce: GeoTable | null) => Promise<Opened>
}

/** Who is told of what a look came to. */
export interface LookListener {
  /** A new table is about to be in force; where this rejects, the old one stays until the next look. */
  readonly swap: (table: GeoTable) => Promise<void>
  /** What the files hold now is not used; the table in force stays. */
  readonly refused: (why: string, inForce: GeoTable | null) => void
}

export class LiveTable {
  /** Read once per flow. */
  current: Locating
  table: GeoTable | null
  /** Why what the files hold now is not used, or `null`. */
  refused: string | null
  readonly #world: LiveTableWorld
  #seen: string
  /** What opening came to that is not in force yet, since the swap could not be recorded. */
  #waiting: { readonly seen: string; readonly opened: Opened } | null = null
  #building: Promise<void> | null = null

  private constructor(world: LiveTableWorld, { table, refused }: Opened, seen: string) {
    this.#world = world
    this.#seen = seen
    this.table = table
    this.current = table ?? noTable
    this.refused = refused?.why ?? null
  }

  /** Opens the table for the first time; whether it is good, `table` and `refused` say. Throws what `open` throws. */
  static async open(world: LiveTableWorld): Promise<LiveTable> {
    // Before the files are read: one that changes meanwhile is noticed at the next look. Why they can't be listed, `open` says.
    const seen = await world.files().then(fingerprint, () => '')
    return new LiveTable(world, await world.open(null), seen)
  }

  /** Looks whether a file has changed and resolves when what it holds is in force or refused. Calls that come during a build share it. Never rejects. */
  async look(told: LookListener): Promise<void> {
    this.#building ??= this.#rebuild(told).finally(() => {
      this.#building = null
    })
    await this.#building
  }

  async #rebuild(told: LookListener): Promise<void> {
    try {
      const seen = await fingerprint(await this.#world.files())
      if (seen === this.#seen) return
      const opened = await this.#open(seen)
      this.#waiting = { seen, opened }
      await this.#take(opened, told)
      this.#seen = seen
      this.#waiting = null
    } catch (error) {
      // Tried again at every look, and told once.
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.refused) this.#refuse(why, told)
    }
  }

  /** Opens what the files hold, once for what they hold: also where that fails. */
  async #open(seen: string): Promise<Opened> {
    if (this.#waiting?.seen === seen) return this.#waiting.opened
    return await this.#world.open(this.table).catch((error: unknown) => {
      this.#seen = seen
      throw error
    })
  }

  async #take({ table, refused }: Opened, told: LookListener): Promise<void> {
    // The last good data that comes with a refusal is taken only where nothing is in force.
    if (table !== null && table.hash !== this.table?.hash && (refused === null || this.table === null)) {
      // Told first: a flow's record never names a table that the journal does not know.
      await told.swap(table)
      this.table = table
      this.current = table
    }
    if (refused === null) this.refused = null
    else this.#refuse(refused.why, told)
  }

  #refuse(why: string, told: LookListener): void {
    this.refused = why
    told.refused(why, this.table)
  }
}

/**
 * What changes when a file is replaced, written to or made readable: nanoseconds tell two writes apart that leave the
 * same size, and the time of the last change of its inode is kept by no tool that copies a file with its dates.
 */
const fingerprint = async (files: readonly string[]): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      files.map((file) =>
        stat(file, { bigint: true }).then(
          ({ size, mtimeNs, ctimeNs, ino }) => [file, size, mtimeNs, ctimeNs, ino].map(String),
          () => [file],
        ),
      ),
    ),
  )
