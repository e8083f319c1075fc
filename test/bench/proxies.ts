/**
 * The contestants: Ringfence as its users run it (ten fences, location, journal and log on), and other proxies as they
 * come, each with as little to do as its settings allow. All on loopback; a proxy that this machine lacks is named in
 * the results. CPU is the whole process's, with its threads and children, from /proc: Linux only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findProgram, freePort, untilListening } from '../support/listening-program.ts'
import type { Route } from './client.ts'

export interface Contestant {
  readonly name: string
  readonly route: Route
  /** `null` for the direct way. */
  readonly pid: number | null
}

export interface Contest {
  readonly contestants: readonly Contestant[]
  /** Those that are not installed here. */
  readonly missing: readonly string[]
  stop(): Promise<void>
}

export type ProxyName = keyof typeof proxies

interface Started {
  readonly child: ChildProcess
  readonly port: number
  /** What it speaks, where that is not CONNECT. */
  readonly protocol?: Route['protocol']
}

/** A bench that is broken off leaves nothing running. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const STOP_MS = 5_000
const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

/** Starts the proxies, each in a folder of its own. */
export async function startContest(names: readonly ProxyName[]): Promise<Contest> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-bench-'))
  // squid, started by root, becomes another user that must write here.
  fs.chmodSync(folder, 0o777)
  const children: ChildProcess[] = []
  const interrupted = () => {
    for (const child of children) child.kill('SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
    process.exit(1)
  }
  for (const signal of SIGNALS) process.once(signal, interrupted)
  const stop = async () => {
    for (const signal of SIGNALS) process.off(signal, interrupted)
    await Promise.all(children.map(stopChild))
    fs.rmSync(folder, { recursive: true, force: true })
  }
  try {
    const missing: string[] = []
    const contestants: Contestant[] = []
    for (const name of names) {
      const started = await proxies[name](folder, (child) => children.push(child))
      if (started === null) missing.push(name)
      else
        contestants.push({ name, pid: started.child.pid ?? null, route: { protocol: started.protocol ?? 'connect', port: started.port } })
    }
    return { contestants, missing, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Keep = (child: ChildProcess) => void

const proxies = {
  ringfence: (folder: string, keep: Keep) => startRingfence(folder, keep, {}),
  'ringfence, no log': (folder: string, keep: Keep) => startRingfence(folder, keep, { RINGFENCE_LOG: 'silent' }),

  async 'proxy-chain'(_folder: string, keep: Keep): Promise<Started> {
    const port = await freePort()
    const program = `
      import { Server } from 'proxy-chain'
      await new Server({ host: '127.0.0.1', port: ${port} }).listen()
    `
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    keep(child)
    return await started(child, port, 'proxy-chain')
  },

  async squid(folder: string, keep: Keep): Promise<Started | null> {
    const binary = findProgram('squid')
    if (binary === null) return null
    const port = await freePort()
    const settings = path.join(folder, 'squid.conf')
    fs.writeFileSync(
      settings,
      `http_port 127.0.0.1:${port}
http_access allow all
cache deny all
access_log none
cache_log ${folder}/squid.log
cache_store_log none
pid_filename none
coredump_dir none
netdb_filename none
pinger_enable off
max_filedescriptors ${DESCRIPTORS}
shutdown_lifetime 0 seconds
visible_hostname bench
dns_nameservers 127.0.0.1
`,
    )
    const child = spawn(binary, ['-N', '-n', `bench${process.pid}`, '-f', settings], { cwd: folder, stdio: 'ignore' })
    keep(child)
    return await started(child, port, 'squid', path.join(folder, 'squid.log'))
  },

  async dante(folder: string, keep: Keep): Promise<Started | null> {
    const binary = findProgram('danted')
    if (binary === null) return null
    const port = await freePort()
    const settings = path.join(folder, 'danted.conf')
    fs.writeFileSync(
      settings,
      `errorlog: ${folder}/danted.log
internal: 127.0.0.1 port = ${port}
external: lo
clientmethod: none
socksmethod: none
client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
`,
    )
    const child = spawn(binary, ['-f', settings, '-p', path.join(folder, 'danted.pid')], { cwd: folder, stdio: 'ignore' })
    keep(child)
    return { ...(await started(child, port, 'dante', path.join(folder, 'danted.log'))), protocol: 'socks5' }
  },

  async tinyproxy(folder: string, keep: Keep): Promise<Started | null> {
    const binary = findProgram('tinyproxy')
    if (binary === null) return null
    const port = await freePort()
    const settings = path.join(folder, 'tinyproxy.conf')
    fs.writeFileSync(
      settings,
      `Port ${port}\nListen 127.0.0.1\nTimeout 600\nMaxClients ${DESCRIPTORS}\nLogLevel Critical\nLogFile "${folder}/tinyproxy.log"\nDisableViaHeader Yes\n`,
    )
    const child = spawn(binary, ['-d', '-c', settings], { cwd: folder, stdio: 'ignore' })
    keep(child)
    return await started(child, port, 'tinyproxy', path.join(folder, 'tinyproxy.log'))
  },
}

const DESCRIPTORS = 10_000

/** Its log goes to a file: a pipe would be read by us, the load. */
async function startRingfence(folder: string, keep: Keep, env: NodeJS.ProcessEnv): Promise<Started> {
  const own = fs.mkdtempSync(path.join(folder, 'ringfence-'))
  const log = path.join(own, 'log')
  const port = await freePort()
  const output = fs.openSync(log, 'w')
  const policy = path.join(root, 'test', 'bench', 'ten-fences.yaml')
  const child = spawn(process.execPath, [path.join(root, 'dist', 'main.js'), '--policy', policy, '--listen', `127.0.0.1:${port}`], {
    cwd: own,
    env: { ...process.env, XDG_STATE_HOME: own, ...env },
    stdio: ['ignore', output, output],
  })
  fs.closeSync(output)
  keep(child)
  return await started(child, port, 'ringfence', log)
}

async function started(child: ChildProcess, port: number, name: string, log?: string): Promise<Started> {
  await untilListening(child, port, name, log)
  return { child, port }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Its open connections are of no interest any more.
  child.kill('SIGKILL')
  await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })])
}

// --- /proc ----------------------------------------------------------------------------------------------------------

/** The unit of times in /proc/PID/stat: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICK_S = 0.01

/** CPU seconds that a process and its children have used so far, all threads, also those that have ended. */
export function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold anything: fields are counted from its end. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  return (Number(fields[11]) + Number(fields[12])) * TICK_S + children.reduce((sum, child) => sum + cpuSeconds(child), 0)
}

/** Resident memory of a process, KiB. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
