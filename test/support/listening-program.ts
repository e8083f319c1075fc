/** Programs that serve: where they are installed, a port for them, and when they listen. It knows no test runner: benchmarks use it too. */
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const START_MS = 20_000

/** The file of a program, looked for where root's programs are, too; `null`: it is not installed. */
export const findProgram = (name: string): string | null =>
  [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file)) ?? null

/** For programs that cannot say which port the kernel gave them; and one that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port)))
    })
  })
}

/** Waits until something accepts connections there. Throws with the end of the log where the program has ended, or takes too long. */
export async function untilListening(child: ChildProcess, port: number, name: string, log?: string): Promise<void> {
  const until = performance.now() + START_MS
  let failed: Error | null = null
  child.on('error', (error) => {
    failed = error
  })
  while (!(await accepts(port))) {
    if (failed !== null || child.exitCode !== null || performance.now() > until) {
      const said = log !== undefined && fs.existsSync(log) ? fs.readFileSync(log, 'utf8').slice(-2_000) : ''
      throw new Error(`${name} does not listen on port ${port} (exit code ${child.exitCode}): ${said}`, { cause: failed })
    }
    await sleep(20)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
