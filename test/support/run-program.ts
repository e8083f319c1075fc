/** Programs that are not ours, run on this machine to their end: what they printed, to the byte, and how they ended. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

export interface Ran {
  /** `null` where a signal ended it. */
  readonly status: number | null
  readonly bytes: Buffer
  readonly stdout: string
  readonly stderr: string
}

export interface RunProgramOptions {
  /** For its standard input, which is then closed. */
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** After this long it is killed, with all that it started. */
  readonly milliseconds?: number
  /** And when this fires. */
  readonly enough?: AbortSignal
}

const RUN_MS = 15_000

export async function runProgram(
  command: string,
  args: readonly string[],
  { input = '', env = {}, milliseconds = RUN_MS, enough }: RunProgramOptions = {},
): Promise<Ran> {
  // Of the environment nothing is taken that could name a proxy, or be the user's own settings.
  const clean = { PATH: process.env.PATH ?? '', HOME: os.tmpdir(), LC_ALL: 'C.UTF-8', ...env }
  const child = spawn(command, args, { env: clean, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const printed: Buffer[] = []
  const complained: Buffer[] = []
  child.stdout.on('data', (data: Buffer) => printed.push(data))
  child.stderr.on('data', (data: Buffer) => complained.push(data))
  child.stdin.on('error', () => undefined).end(input)
  // It leads a process group of its own, which may have ended by itself at the same moment.
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
  const timer = setTimeout(kill, milliseconds)
  enough?.addEventListener('abort', kill)
  const status = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  clearTimeout(timer)
  enough?.removeEventListener('abort', kill)
  const bytes = Buffer.concat(printed)
  return { status, bytes, stdout: bytes.toString(), stderr: Buffer.concat(complained).toString() }
}

/** A folder that is gone when the test is over. */
export function testFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-client-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}
