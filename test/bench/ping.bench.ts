/** An open tunnel in use by a person rather than a download: 64 bytes there and back, and the memory of 2,000 tunnels at rest. */
import type net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchTable, BINARY, median } from './bench.ts'
import { direct, type Origin, startOrigin, tunnel } from './client.ts'
import { type Figures, interleave, RUN_MS, RUNS, rowsAgainst, rowsMissing } from './contest.ts'
import { type Contestant, residentKib, startContest } from './proxies.ts'

const PING = Buffer.alloc(64, BINARY)
const WARM_PINGS = 500

const IDLE_TUNNELS = 2_000
const OPENED_AT_ONCE = 50
/** After which nothing of the set-up should be under way. */
const SETTLE_MS = 1_500

export async function bench(): Promise<BenchTable> {
  const origin = await startOrigin()
  try {
    const [pings, missing] = await compare(['ringfence', 'proxy-chain', 'squid', 'tinyproxy'], async (contestants) => {
      const results = await interleave([...contestants, { name: 'direct', route: direct, pid: null }], (contestant) =>
        pingPong(contestant, origin),
      )
      // Run by run, since the machine's mood moves both.
      const base = results.get('direct')!
      const added = new Map(
        contestants.map(({ name }) => [name, results.get(name)!.map(({ p50 }, run) => ({ p50: p50! - base[run]!.p50! }))]),
      )
      return [
        ...rowsAgainst(results, 'ping p50', 'p50', 'µs'),
        ...rowsAgainst(results, 'ping p99', 'p99', 'µs'),
        ...rowsAgainst(added, 'ping p50 over direct', 'p50', 'µs'),
      ]
    })
    // Fresh processes: what the pings left would be counted, or reused.
    const [idle] = await compare(['ringfence', 'proxy-chain', 'squid'], async (contestants) => {
      const results = new Map<string, readonly Figures[]>()
      for (const contestant of contestants) results.set(contestant.name, [await atRest(contestant, origin, IDLE_TUNNELS)])
      return [...rowsAgainst(results, 'idle tunnel', 'kib', 'KiB'), ...rowsAgainst(results, `RSS with ${IDLE_TUNNELS}`, 'mb', 'MB')]
    })
    return {
      title: `64-byte pings in an open tunnel, medians of ${RUNS} interleaved runs of ${RUN_MS / 1000} s; resident memory of ${IDLE_TUNNELS.toLocaleString('en')} idle tunnels, one run`,
      rows: [...pings, ...idle, ...rowsMissing(missing)],
    }
  } finally {
    origin.stop()
  }
}

async function compare(
  names: Parameters<typeof startContest>[0],
  rows: (contestants: readonly Contestant[]) => Promise<BenchTable['rows']>,
): Promise<readonly [BenchTable['rows'], readonly string[]]> {
  const contest = await startContest(names)
  try {
    return [await rows(contest.contestants), contest.missing]
  } finally {
    await contest.stop()
  }
}

export async function pingPong({ route }: Contestant, { ports }: Origin): Promise<Figures> {
  let left = 0
  let answered = () => {}
  const socket = await tunnel(route, ports.echo, (bytes) => {
    left -= bytes
    if (left === 0) answered()
  })
  const ping = () =>
    new Promise<number>((resolve, reject) => {
      left = PING.length
      const started = performance.now()
      answered = () => resolve((performance.now() - started) * 1000)
      socket.once('close', reject)
      socket.write(PING)
    }).finally(() => socket.removeAllListeners('close'))
  try {
    for (let i = 0; i < WARM_PINGS; i++) await ping()
    const times: number[] = []
    for (const until = performance.now() + RUN_MS; performance.now() < until; ) times.push(await ping())
    times.sort((a, b) => a - b)
    return { p50: median(times), p99: times[Math.floor(times.length * 0.99)]! }
  } finally {
    socket.destroy()
  }
}

/** What this many open tunnels cost in resident memory, above a proxy that has just started. */
export async function atRest({ route, pid }: Contestant, { ports }: Origin, tunnels: number): Promise<Figures> {
  const sockets: net.Socket[] = []
  const open = async () => {
    const { promise, resolve } = withResolve()
    const socket = await tunnel(route, ports.echo, resolve)
    // A tunnel through which nothing ever went is not set up to the end in every proxy.
    socket.write('a')
    sockets.push(socket)
    await promise
  }
  await sleep(SETTLE_MS)
  const before = residentKib(pid!)
  try {
    for (let i = 0; i < tunnels; i += OPENED_AT_ONCE) await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open))
    await sleep(SETTLE_MS)
    const after = residentKib(pid!)
    return { kib: (after - before) / tunnels, mb: after / 1024 }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

function withResolve(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}
