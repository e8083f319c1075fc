import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchTable, median } from './bench.ts'

const LISTENING = /listening on \S+:\d+/
const RUNS = 5
const START_MS = 20_000

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

const ringfence = [path.join(root, 'src', 'start.mjs'), '--listen', '127.0.0.1:0']
const proxyChain = `
import { Server } from 'proxy-chain'
const server = new Server({ host: '127.0.0.1', port: 0 })
await server.listen()
console.log('listening on 127.0.0.1:' + server.port)
`

/** From the start of the process to the line that says where it listens. */
export async function bench(): Promise<BenchTable> {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-bench-'))
  const env = { ...process.env, XDG_STATE_HOME: state }
  try {
    const ours: number[] = []
    const theirs: number[] = []
    // Once unmeasured: it may have to build, and the disk is cold.
    await timeToListen(ringfence, env)
    // Alternating, so that whatever else the machine does slows both.
    for (let run = 0; run < RUNS; run++) {
      ours.push(await timeToListen(ringfence, env))
      theirs.push(await timeToListen(['--input-type=module', '--eval', proxyChain], env))
    }
    const row = (name: string, of: (times: readonly number[]) => number): BenchTable['rows'][number] => [
      name,
      of(ours),
      of(theirs),
      of(ours) / of(theirs),
      'ms',
    ]
    return {
      title: `Start to listening, ${RUNS} runs each; the other is proxy-chain`,
      rows: [row('median', median), row('fastest', (times) => Math.min(...times)), row('slowest', (times) => Math.max(...times))],
    }
  } finally {
    fs.rmSync(state, { recursive: true, force: true })
  }
}

function timeToListen(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now()
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  return new Promise<number>((resolve, reject) => {
    let took: number | null = null
    const deadline = setTimeout(() => child.kill('SIGKILL'), START_MS)
    const read = (chunk: Buffer) => {
      output += chunk
      if (took !== null || !LISTENING.test(output)) return
      took = performance.now() - started
      child.kill()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('error', reject)
    child.on('close', (status) => {
      clearTimeout(deadline)
      if (took === null) reject(new Error(`${args[0]} ended with ${status} and never said that it listens:\n${output}`))
      else resolve(took)
    })
  })
}
