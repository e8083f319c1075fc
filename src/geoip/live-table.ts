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
  readonly open: () => Promise<Opened>
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
  #building: Promise<void> | null = null

  private constructor(world: LiveTableWorld, { table, refused }: Opened, seen: string) {
    this.#world = world
    this.#seen = seen
    this.table = table
    this.current = table ?? noTable
    this.refused = refused?.why ?? null
  }

  /** Opens the table for the first time; whether it is good, `table` and `refused` say. */
  static async open(world: LiveTableWorld): Promise<LiveTable> {
    // Before the files are read: one that changes meanwhile is noticed at the next look.
    const seen = await fingerprint(await world.files())
    return new LiveTable(world, await world.open(), seen)
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
      this.#seen = seen
      const { table, refused } = await this.#world.open()
      this.refused = refused?.why ?? null
      if (refused !== null) return told.refused(refused.why, this.table)
      if (table === null || table.hash === this.table?.hash) return
      // Told first: a flow's record never names a table that the journal does not know.
      await told.swap(table)
      this.table = table
      this.current = table
    } catch (error) {
      this.#seen = ''
      this.refused = error instanceof Error ? error.message : String(error)
      told.refused(this.refused, this.table)
    }
  }
}

/** What changes when a file is replaced or written to: nanoseconds tell two writes apart that leave the same size. */
const fingerprint = async (files: readonly string[]): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      files.map((file) =>
        stat(file, { bigint: true }).then(
          ({ size, mtimeNs, ino }) => [file, `${size}`, `${mtimeNs}`, `${ino}`],
          () => [file],
        ),
      ),
    ),
  )
