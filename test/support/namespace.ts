/**
 * Two network namespaces joined by one cable: `rf-PID` for Ringfence and its clients, `world-PID` for everything
 * outside. Neither has a way out, so public addresses may stand in them. Nothing is left of them when the process ends,
 * however it does: children die with their parent, and what a killed run left is swept by the next.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import fs from 'node:fs'
import { allAddresses, silentAddress } from './world-map.ts'

export interface Finished {
  /** `null` where a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** After this long it is killed. */
  readonly milliseconds?: number
  readonly env?: Readonly<Record<string, string>>
  /** For its standard input, which is then closed. */
  readonly input?: string
}

export interface Namespace {
  readonly name: string
  /** Starts a program inside; it and its children end with `Namespaces.close` at the latest. */
  start(command: readonly string[], options?: SpawnOptions): ChildProcess
  /** Runs a program inside to its end. */
  run(command: readonly string[], options?: RunOptions): Promise<Finished>
}

export interface Namespaces {
  readonly inside: Namespace
  readonly world: Namespace
  close(): Promise<void>
}

const RUN_MS = 15_000

/** What the cable's two ends are called, inside their namespaces. */
export const cable = 'cable0'

/** The address of Ringfence's side towards the world. */
export const insideAddress = { v4: '10.99.0.2', v6: '2600:1f18:99::2' } as const
/** The other end of the cable: reached without any route but the cable's own. */
export const worldAddress = { v4: '10.99.0.1', v6: '2600:1f18:99::1' } as const

/** Why there can be no namespaces here, or `null`. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  return process.getuid?.() === 0 ? null : 'network namespaces need root'
}

/** `etc`: a folder whose `resolv.conf` and `hosts` every program inside sees as those of /etc. Throws where it can't be done. */
export async function createNamespaces(etc: string): Promise<Namespaces> {
  sweep()
  const names = { inside: `rf-${process.pid}`, world: `world-${process.pid}` }
  const children = new Set<ChildProcess>()
  const remove = () => {
    for (const child of children) end(child)
    for (const name of Object.values(names)) if (exists(name)) ip('netns', 'delete', name)
  }
  process.once('exit', remove)
  try {
    connect(names.inside, names.world)
  } catch (error) {
    remove()
    process.off('exit', remove)
    throw error
  }
  const private_ = [
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts && exec "$@"',
    etc,
  ]
  return {
    inside: namespace(names.inside, private_, children),
    world: namespace(names.world, [], children),
    close: async () => {
      const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)))
      remove()
      process.off('exit', remove)
      await Promise.all(ended)
    },
  }
}

function namespace(name: string, wrapper: readonly string[], children: Set<ChildProcess>): Namespace {
  const start = (command: readonly string[], options: SpawnOptions = {}) => {
    // Killed by the kernel when this process dies; every program below replaces the one before, so the process id stays.
    const whole = ['--pdeathsig', 'KILL', '--', 'ip', 'netns', 'exec', name, ...wrapper, ...command]
    const child = spawn('setpriv', whole, { ...options, detached: true, env: { ...environment(), ...options.env } })
    children.add(child)
    child.once('close', () => children.delete(child))
    return child
  }
  return {
    name,
    start,
    run: (command, { milliseconds = RUN_MS, env = {}, input } = {}) =>
      new Promise((resolve, reject) => {
        const child = start(command, { env, stdio: ['pipe', 'pipe', 'pipe'] })
        const text = { stdout: '', stderr: '' }
        for (const stream of ['stdout', 'stderr'] as const) {
          child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
            text[stream] += chunk
          })
        }
        const timer = setTimeout(() => end(child), milliseconds)
        child.on('error', reject)
        child.on('close', (status) => {
          clearTimeout(timer)
          resolve({ status, ...text })
        })
        child.stdin?.on('error', () => undefined).end(input)
      }),
  }
}

/** Kills a program and its children: it leads a process group of its own. */
function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function connect(inside: string, world: string): void {
  ip('netns', 'add', inside)
  ip('netns', 'add', world)
  ip('-n', inside, 'link', 'add', cable, 'type', 'veth', 'peer', 'name', cable, 'netns', world)
  for (const name of [inside, world]) ip('-n', name, 'link', 'set', 'lo', 'up')
  const ends = [
    { name: inside, own: insideAddress },
    { name: world, own: worldAddress },
  ]
  for (const { name, own } of ends) {
    ip('-n', name, 'address', 'add', `${own.v4}/30`, 'dev', cable)
    ip('-n', name, 'address', 'add', `${own.v6}/64`, 'dev', cable, 'nodad')
    ip('-n', name, 'link', 'set', cable, 'up')
  }
  ip('-n', inside, 'route', 'add', 'default', 'via', worldAddress.v4)
  ip('-n', inside, '-6', 'route', 'add', 'default', 'via', worldAddress.v6)
  for (const address of allAddresses) ip('-n', world, 'address', 'add', address, 'dev', 'lo', ...(address.includes(':') ? ['nodad'] : []))
  // A router says of an address that it cannot reach that it cannot: without this it would say nothing.
  execFileSync(
    'ip',
    ['netns', 'exec', world, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.icmp_ratelimit=0'],
    quiet,
  )
  // Thrown away without a word, as by a firewall that drops.
  ip('-n', world, 'route', 'add', 'blackhole', silentAddress)
}

const quiet = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] }

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { ...quiet, encoding: 'utf8' })

const exists = (name: string): boolean => fs.existsSync(`/run/netns/${name}`)

/** Removes what runs left whose process is no more. */
function sweep(): void {
  if (!fs.existsSync('/run/netns')) return
  for (const name of fs.readdirSync('/run/netns')) {
    const pid = /^(?:rf|world)-([0-9]+)$/.exec(name)?.[1]
    if (pid !== undefined && !fs.existsSync(`/proc/${pid}`)) ip('netns', 'delete', name)
  }
}

/** Without what vitest and npm put there, and without proxies of the machine itself. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|RINGFENCE_|.*_proxy$)/i.test(name)),
  )
}
