/**
 * One process holds a folder, by listening on a socket in it: unlike a file with a process id in it, a socket whose
 * process died says so by itself. Processes that can't see each other's sockets (other machines on a network file
 * system) are not kept apart, nor, where the path is too long for a socket, are those with different temporary folders.
 */
import { createHash, randomBytes } from 'node:crypto'
import { link, lstat, mkdir, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { OperatorError } from '../model/errors.ts'

export interface FolderLock {
  /** Whether the folder still has our socket: somebody may have removed it, and another process have put its own there. */
  stands(): Promise<boolean>
  /** Removes our socket, and never another's. */
  release(): Promise<void>
}

// sun_path has 108 bytes on Linux and 104 on macOS (unix(7)); a stale socket is moved to a longer name meanwhile.
const PATH_BYTES = 88
const ANSWER_MS = 1_000
const ATTEMPTS = 5

/** Takes hold of a folder, making it if need be. Throws OperatorError where another process has it. */
export async function holdFolder(folder: string): Promise<FolderLock> {
  const fail = (what: string, cause: unknown): never => {
    throw new OperatorError(`${what} ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  await makeFolder(resolve(folder)).catch((cause: unknown) => fail("can't make the records folder", cause))
  const path = lockPath(await realpath(folder))
  for (let attempt = 1; ; attempt++) {
    try {
      return process.platform === 'win32' ? pipeLock(await listen(path)) : await socketLock(path, folder)
    } catch (cause) {
      if (cause instanceof OperatorError) throw cause
      if (!(isErrno(cause, 'EADDRINUSE') || isErrno(cause, 'EEXIST')) || attempt === ATTEMPTS)
        return fail("can't lock the records folder", cause)
      await removeStale(path, folder)
    }
  }
}

/** Step by step: Node's recursive `mkdir` never ends where a folder exists that refuses another with ENOENT, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
  } catch (cause) {
    if (await isFolder(folder)) return
    const parent = dirname(folder)
    if (!isErrno(cause, 'ENOENT') || parent === folder) throw cause
    // Where it is there by now, another process may have made it.
    if (!(await isFolder(parent))) await makeFolder(parent)
    await mkdir(folder, { mode: 0o700 }).catch(async (again: unknown) => {
      if (!(await isFolder(folder))) throw again
    })
  }
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.isDirectory() === true

/**
 * The socket is made under a name of its own, where nobody looks for it, and then linked to the folder's: it is known
 * which one is ours, whatever others do with the name at that moment.
 */
async function socketLock(path: string, folder: string): Promise<FolderLock> {
  const made = `${path}-${randomBytes(4).toString('hex')}`
  const server = await listen(made)
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  try {
    const identity = await identityOf(made)
    await link(made, path)
    await unlink(made)
    const owner = await ownerMovedAside(path, identity)
    const stands = async () => (await identityOf(path)) === identity
    const release = async () => {
      if (await stands()) await unlink(path).catch(() => {})
      await close()
    }
    if (owner === null) return { stands, release }
    await release()
    throw heldBy(owner, folder)
  } catch (error) {
    // Closing a server removes whatever has the name that it was made under.
    await close()
    throw error
  }
}

const pipeLock = (server: Server): FolderLock => ({
  stands: async () => true,
  release: () => new Promise<void>((resolve) => server.close(() => resolve())),
})

/** A number alone is used again as soon as the file is gone. */
const identityOf = (path: string): Promise<string | null> =>
  lstat(path).then(
    ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
    () => null,
  )

function lockPath(folder: string): string {
  const name = `ringfence-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  const path = join(folder, 'lock')
  return Buffer.byteLength(path) <= PATH_BYTES ? path : join(tmpdir(), name)
}

/** Whoever connects is told our process id. The server does not keep the process alive. */
function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${process.pid}\n`)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      server.unref()
      resolve(server)
    })
  })
}

const heldBy = (pid: string, folder: string) =>
  new OperatorError(`another Ringfence (pid ${pid}) writes to ${folder}; stop it or set records.folder`)

/**
 * Removes a socket that nobody listens on. Between asking and removing, another process may have put its own there:
 * it is moved aside first and asked again, and put back if it lives.
 */
async function removeStale(path: string, folder: string): Promise<void> {
  const holder = await ask(path)
  if (holder !== null) throw heldBy(holder, folder)
  const found = await lstat(path).catch(() => null)
  if (found === null) return
  // Linux answers ECONNREFUSED for any file that is not a socket as well.
  if (!found.isSocket()) throw new OperatorError(`${path} is not a socket of Ringfence; move it away or set records.folder`)
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return
    throw new OperatorError(`can't replace ${path}: ${String(cause)}`, { cause })
  }
  const owner = await ask(aside)
  if (owner !== null) {
    await putBack(aside, path)
    throw heldBy(owner, folder)
  }
  await unlink(aside).catch(() => {})
}

const PUT_BACK_ATTEMPTS = 40
const PUT_BACK_MS = 25

/**
 * A third process may have taken the free name meanwhile. It looks beside it before it believes that it holds the
 * folder (`ownerMovedAside`), and leaves; until then the living socket stays where that one finds it.
 */
async function putBack(aside: string, path: string): Promise<void> {
  for (let attempt = 1; attempt <= PUT_BACK_ATTEMPTS; attempt++) {
    try {
      await link(aside, path)
      return await unlink(aside)
    } catch (cause) {
      if (!isErrno(cause, 'EEXIST')) return
      await delay(PUT_BACK_MS)
    }
  }
}

/** Who else still listens on a socket that was moved aside, or `null`; dead ones are removed. */
async function ownerMovedAside(path: string, own: string | null): Promise<string | null> {
  const names = (await readdir(dirname(path))).filter((name) => asideOf(path).test(name))
  for (const name of names) {
    const aside = join(dirname(path), name)
    if ((await identityOf(aside)) === own) continue
    const owner = await ask(aside)
    if (owner !== null) return owner
    await unlink(aside).catch(() => {})
  }
  return null
}

/** Eight hexadecimal digits behind the name. */
const asideOf = (path: string): RegExp => new RegExp(`^${basename(path)}\\.[0-9a-f]{8}$`)

/** The process id of whoever listens, `?` where it does not say, `null` where nobody listens. */
function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path)
    let answer = ''
    const finish = (result: string | null) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(ANSWER_MS, () => finish('?'))
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')))
    socket.on('close', () => finish(/^[0-9]{1,10}\n$/.test(answer) ? answer.trim() : '?'))
    // Any other error (no permission, queue full) means that somebody may well be there.
    socket.on('error', (error) => finish(isErrno(error, 'ECONNREFUSED') || isErrno(error, 'ENOENT') ? null : '?'))
  })
}

const isErrno = (error: unknown, code: string): boolean => error instanceof Error && (error as NodeJS.ErrnoException).code === code
