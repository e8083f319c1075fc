/** The program as people start it: `node src/start.mjs …`, in a folder of its own and with its own state folder. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import path from 'node:path'
import { onTestFinished } from 'vitest'

const program = path.join(import.meta.dirname, '..', '..', 'src', 'start.mjs')

/** Shared by all: what is compiled once need not be compiled for each test. */
const cache = path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache')

export interface Spawned {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly uid?: number
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Process {
  readonly child: ChildProcessWithoutNullStreams
  readonly out: () => string
  readonly err: () => string
  readonly ended: Promise<Ended>
}

/** Starts it; it is killed when the test is over. */
export function spawned(args: readonly string[], { cwd, env = {}, input, uid }: Spawned): Process {
  const clean = Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_|INIT_CWD|RINGFENCE_|STATE_DIRECTORY)/i.test(name))
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...Object.fromEntries(clean), XDG_STATE_HOME: cwd, XDG_CACHE_HOME: cache, NO_COLOR: '1', ...env },
    ...(uid !== undefined && { uid, gid: uid }),
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  child.stdin.on('error', () => {}) // it may end without having read all
  child.stdin.end(input)
  const err = () => text.err.replace(/^(Another start is building; waiting for it…\n)?(Building…\n)?/, '') // what a start says that had to build first
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out: text.out, err: err() }))
  })
  return { child, out: () => text.out, err, ended }
}

export const ringfence = (args: readonly string[], options: Spawned): Promise<Ended> => spawned(args, options).ended
