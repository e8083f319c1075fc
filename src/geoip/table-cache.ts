/**
 * Compiled tables in a folder, by the key of their inputs: building takes seconds, reading one back does not. A file
 * that is not whole counts as none. Nothing here is needed: without a folder every table is built.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TableData } from './table-data.ts'
import { decodeTable } from './table-file.ts'

/** How many tables stay: the one in force, the one before it for a rollback, and one of another configuration. */
const KEPT = 3

const fileOf = (folder: string, key: string): string => join(folder, `table-${key}.bin`)

/** The table of these inputs, or `null` where none is there that is whole. Never throws. */
export async function readCached(folder: string, key: string): Promise<TableData | null> {
  try {
    // A buffer of its own: small reads come from a shared pool, where views would not be aligned.
    const decoded = decodeTable(new Uint8Array((await readFile(fileOf(folder, key))).buffer))
    return decoded.key === key ? decoded.data : null
  } catch {
    return null
  }
}

/** Keeps a table for the next start; the oldest ones go. Never throws: a full disk costs time, not the table. */
export async function writeCached(folder: string, key: string, bytes: Uint8Array): Promise<void> {
  const fresh = join(folder, `table-${key}.${randomBytes(4).toString('hex')}.part`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(fresh, bytes, { mode: 0o600 })
    await rename(fresh, fileOf(folder, key))
    await removeOld(folder)
  } catch {
    await rm(fresh, { force: true }).catch(() => undefined)
  }
}

/** Makes a table of a cache stand in another folder, and no other table in there. Never throws; without it nothing changes there. */
export async function keepCached(folder: string, key: string, alone: string): Promise<void> {
  const place = fileOf(alone, key)
  const fresh = `${place}.${randomBytes(4).toString('hex')}.part`
  try {
    const others = (await tablesIn(alone).catch(() => [])).map((name) => join(alone, name))
    if (others.includes(place)) return
    await mkdir(alone, { recursive: true })
    await copyFile(fileOf(folder, key), fresh, constants.COPYFILE_FICLONE)
    await rename(fresh, place)
    await Promise.all(others.map((file) => unlink(file)))
  } catch {
    await rm(fresh, { force: true }).catch(() => undefined)
  }
}

const tablesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => /^table-[0-9a-f]{64}\.bin$/.test(name))

async function removeOld(folder: string): Promise<void> {
  const names = await tablesIn(folder)
  const dated = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })))
  const old = dated.sort((a, b) => b.at - a.at).slice(KEPT)
  await Promise.all(old.map(({ name }) => unlink(join(folder, name))))
}
