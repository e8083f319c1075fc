/**
 * Changes of the users' file that leave the rest as people wrote it, comments and order, and its replacement in one
 * step: whoever reads it, a running proxy above all, sees the old text or the new one and never a part.
 */
import { randomBytes } from 'node:crypto'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isMap, isSeq, parseDocument, YAMLSeq } from 'yaml'
import { OperatorError } from '../model/errors.ts'
import { formatPasswordHash, type PasswordHash } from './password-hash.ts'
import { parseUsers } from './users.ts'

export interface NewUser {
  readonly name: string
  readonly groups: readonly string[]
  readonly password: PasswordHash
}

const empty = `# Who may log in at the doors of Ringfence. "ringfence users add NAME" writes here; comments are kept.
version: 1
users: []
`

/** The text with this user in it, in the place of one of the same name. `text` is `null` where there is no file yet. Throws ConfigErrors for its faults. */
export function withUser(text: string | null, file: string, { name, groups, password }: NewUser): string {
  return changed(text ?? empty, file, (users, document) => {
    const item = document.createNode({ name, groups, password: formatPasswordHash(password) })
    if (isMap(item)) {
      const list = item.get('groups', true)
      if (isSeq(list)) list.flow = true
    }
    const at = placeOf(users, name)
    // Emptied lists are written as [], which the first user would be squeezed into.
    if (users.items.length === 0) users.flow = false
    if (at < 0) users.add(item)
    else users.items[at] = item
  })
}

/** The text without this user. */
export function withoutUser(text: string, file: string, name: string): string {
  return changed(text, file, (users) => {
    const at = placeOf(users, name)
    if (at < 0) throw new OperatorError(`${file}: there is no user "${name}"`)
    users.items.splice(at, 1)
  })
}

const placeOf = (users: YAMLSeq, name: string): number => users.items.findIndex((item) => isMap(item) && item.get('name') === name)

function changed(text: string, file: string, change: (users: YAMLSeq, document: ReturnType<typeof parseDocument>) => void): string {
  parseUsers(text, file)
  const document = parseDocument(text)
  const users = document.get('users')
  if (!(users instanceof YAMLSeq)) throw new OperatorError(`${file}: "users" is an alias; write the list itself`)
  change(users, document)
  // Never folded: a hash in two lines would be read, but not by people who compare it.
  const after = document.toString({ lineWidth: 0 })
  parseUsers(after, file)
  return after
}

/** For the owner alone; an existing file keeps its owner and what its group may do, as a service may read it by its group. */
const NEW_MODE = 0o600
const MOST_MODE = 0o660

export async function replaceFile(path: string, text: string): Promise<void> {
  // Where it is a link, the file that it leads to is replaced, not the link.
  const file = await realpath(path).catch(() => path)
  const before = await stat(file).catch(() => null)
  const fresh = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(fresh, 'wx', NEW_MODE)
    try {
      if (before !== null && process.platform !== 'win32') {
        const own = await handle.stat()
        if (own.uid !== before.uid || own.gid !== before.gid) await handle.chown(before.uid, before.gid)
        await handle.chmod(before.mode & MOST_MODE)
      }
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (cause) {
    await rm(fresh, { force: true })
    throw new OperatorError(`${path} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  await syncFolder(dirname(file))
}

/** So that the new name survives a loss of power; not every system lets a folder be opened for it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
