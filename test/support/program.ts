/** The built program as a process of its own, for what only a process has: signals, descriptors, memory. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type { JournalEvent } from '../../src/model/event.ts'
import { readEvents } from '../../src/records/event-reader.ts'
import { eventually } from './proxy-under-test.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** Brings `dist/` up to date; takes a while where it is not. */
export const buildProgram = async (): Promise<void> =>
  void (await promisify(execFile)(process.execPath, [path.join(root, 'src', 'start.mjs'), '--build-only'], { timeout: 110_000 }))

export interface ProgramOptions {
  /** Keys of the settings beside those of the test's own. */
  readonly settings?: string
  readonly descriptors?: number
  readonly nodeFlags?: readonly string[]
}

export interface Program {
  readonly port: number
  readonly pid: number
  /** What it has said so far, as JSON lines. */
  readonly log: string
  /** `code N` or the signal that ended it; `null`: it runs. */
  readonly ended: string | null
  /** Seconds of CPU so far; of one that has ended, 0. */
  cpu(): number
  /** MiB of memory, as the system counts them; of one that has ended, 0. */
  resident(): number
  signal(name: NodeJS.Signals): void
  events(): Promise<readonly JournalEvent[]>
}

export async function startProgram({ settings = '', descriptors, nodeFlags = [] }: ProgramOptions = {}): Promise<Program> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-program-'))
  const config = path.join(folder, 'ringfence.yaml')
  const own =
    'inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]\nweb: { listen: off }\ngeoip: { folder: geoip }\nrecords: { folder: flows }\n'
  fs.writeFileSync(config, `${own}${settings}\n`)
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `
  const child = spawn(
    'bash',
    ['-c', `${limit}exec "$0" "$@"`, process.execPath, ...nodeFlags, path.join(root, 'dist', 'main.js'), 'run', '--config', config],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const said = { log: '', errors: '', ended: null as string | null }
  child.stdout.on('data', (data) => {
    said.log += String(data)
  })
  child.stderr.on('data', (data) => {
    said.errors += String(data)
  })
  child.on('close', (code, signal) => {
    said.ended = signal ?? `code ${code}`
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await eventually('the program to be gone', () => said.ended !== null)
    fs.rmSync(folder, { recursive: true, force: true })
  })
  const listening = () => /"msg":"listening on 127\.0\.0\.1:(\d+)"/.exec(said.log)?.[1]
  await eventually('the program to listen', () => listening() !== undefined || said.ended !== null, 30_000)
  if (said.ended !== null) throw new Error(`the program ended with ${said.ended}: ${said.errors}`)
  const pid = pidOf(child)
  return {
    port: Number(listening()),
    pid,
    get log() {
      return said.log
    },
    get ended() {
      return said.ended
    },
    cpu: () => cpuOf(pid),
    resident: () => residentOf(pid),
    signal: (name) => void child.kill(name),
    async events() {
      const all: JournalEvent[] = []
      for await (const event of readEvents(path.join(folder, 'flows'), {})) all.push(event)
      return all
    },
  }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the program did not start')
  return pid
}

function residentOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) / 1024
  } catch {
    return 0
  }
}

/** proc(5): user and system time are the 14th and 15th word, in hundredths of a second; the second one may hold blanks. */
function cpuOf(pid: number): number {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    const words = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
    return (Number(words[11]) + Number(words[12])) / 100
  } catch {
    return 0
  }
}
