/** Whether what must be written can be: records, location data, and the cache; and whether there is room. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatBytes } from '../output.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

export const folders: Check = async ({ settings: { records, geoip } }) => {
  const optional = records.whenDiskFull === 'continue'
  return [
    await writable('records', records.folder, (says) =>
      optional ? warn(says, rights(records.folder)) : fail(says, rights(records.folder)),
    ),
    await writable('location data', geoip.folder, (says) => fail(says, rights(geoip.folder))),
    await writable('cache', geoip.cache, (says) => warn(`${says}: every start takes some seconds longer`, rights(geoip.cache))),
    await room(records.folder),
  ]
}

const rights = (folder: string): string => `chown it to the user that runs Ringfence, or name another folder (${folder})`

/** By writing: modes, owners, read-only mounts and quotas all show there. Of a folder that is not there yet, its nearest parent. */
async function writable(what: string, folder: string, unfit: (says: string) => Finding): Promise<Finding> {
  const probe = join(nearest(folder), `.ringfence-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(probe, '')
    await rm(probe)
    return ok(`${what} can be written in ${folder}`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return unfit(`${what} cannot be written in ${folder} (${code})`)
  }
}

const nearest = (folder: string): string => (existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder)))

/** A busy node writes some hundred MB of records a day. */
const LITTLE = 1e9

async function room(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(nearest(folder))
  const free = bavail * bsize
  const says = `${formatBytes(free)} are free for records`
  return free < LITTLE ? warn(says, 'a larger disk, or another "records: folder"') : ok(says)
}
