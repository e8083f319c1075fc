/** Whether what must be written can be, by this user: records, location data, and the cache; who else may; and whether there is room. */
import { randomBytes } from 'node:crypto'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatBytes } from '../output.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

export const folders: Check = async ({ settings: { records, geoip } }) => {
  const needed = records.whenDiskFull === 'block'
  return [
    await writable('records', records.folder, needed ? fail : warn),
    ...(await readByOthers(records.folder)),
    await writable('location data', geoip.folder, fail),
    ...(await writtenByOthers('location data', geoip.folder)),
    await writable('the cache', geoip.cache, (says, mend) => warn(`${says}: every start takes some seconds longer`, mend)),
    ...(await writtenByOthers('the cache', geoip.cache)),
    await room(records.folder, needed),
  ]
}

/** One block: a full disk takes an empty file. */
const PROBE = Buffer.alloc(4_096)

/** By writing: modes, owners, read-only mounts and quotas all show there. Of a folder that is not there yet, its nearest parent. */
async function writable(what: string, folder: string, unfit: typeof fail): Promise<Finding> {
  const there = await nearest(folder)
  const probe = join(there, `.ringfence-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(probe, PROBE, { flag: 'wx' })
    return ok(`${what} can be written in ${folder}${await asRoot(there)}`)
  } catch (error) {
    const code = codeOf(error)
    return unfit(`${what} cannot be written in ${folder} (${code})`, mendOf(code, folder, there))
  } finally {
    await rm(probe, { force: true }).catch(() => {})
  }
}

/** `there`: the folder, or what there is of its path, whose owner is nobody's to change. */
function mendOf(code: string, folder: string, there: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'a larger disk or quota, or another folder in the settings'
    case 'ENOTDIR':
      return `${there} is a file: move it away`
    case 'EACCES':
    case 'EPERM': {
      // By number: in a container the user may have no name.
      const user = process.geteuid?.() ?? 'USER'
      const command = there === folder ? `chown -R ${user} ${folder}` : `install -d -m 700 -o ${user} ${folder}`
      return `as root: ${command}; or another folder in the settings`
    }
    default:
      return 'another folder in the settings'
  }
}

/** Root may write anywhere, which says little of the user whose folder it is. */
async function asRoot(folder: string): Promise<string> {
  if (process.getuid?.() !== 0) return ''
  const { uid } = await stat(folder)
  return uid === 0 ? '' : ` (by root; it belongs to user ${uid})`
}

/** Records tell who went where. */
async function readByOthers(folder: string): Promise<readonly Finding[]> {
  const mode = await modeOf(folder)
  if ((mode & 0o002) !== 0) return [warn(`anyone on this machine may change the records in ${folder}`, `chmod o= ${folder}`)]
  return (mode & 0o005) === 0o005 ? [warn(`anyone on this machine may read the records in ${folder}`, `chmod o= ${folder}`)] : []
}

/** Who changes the data moves the fence. */
const writtenByOthers = async (what: string, folder: string): Promise<readonly Finding[]> =>
  ((await modeOf(folder)) & 0o002) === 0 ? [] : [warn(`anyone on this machine may change ${what} in ${folder}`, `chmod o-w ${folder}`)]

/** 0: not there yet, and then made with sane rights; or on Windows, where modes say nothing. */
const modeOf = async (folder: string): Promise<number> =>
  process.platform === 'win32' ? 0 : ((await stat(folder).catch(() => null))?.mode ?? 0)

/** The folder, or what can be seen of its path: below a folder that may not be entered nothing can be, and none made. */
async function nearest(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  )
  return isThere || dirname(folder) === folder ? folder : nearest(dirname(folder))
}

/** A busy node writes some hundred MB of records a day. */
const LITTLE = 1e9
/** Some minutes of one. */
const NEXT_TO_NOTHING = 16e6

async function room(folder: string, needed: boolean): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearest(folder))
  return roomOf(bavail * bsize, needed)
}

/** Of so many free bytes; `needed`: a connection without its record is refused. */
export function roomOf(free: number, needed: boolean): Finding {
  const says = `${formatBytes(free)} are free for records`
  const mend = 'a larger disk, or another folder under "records"'
  if (free >= LITTLE) return ok(says)
  return free < NEXT_TO_NOTHING && needed ? fail(`${says}: without room for its record a connection is refused`, mend) : warn(says, mend)
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : String(error))
