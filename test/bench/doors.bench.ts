/**
 * The goals of the doors: the whole product (ten fences, location, journal and log on) beside other proxies as they come,
 * all in one interleaved run. CPU of the proxy decides; what happens a second depends on what else this machine does.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchTable } from './bench.ts'
import { direct, type Origin, startOrigin, tunnel } from './client.ts'
import { interleave, medianOf, type Results, RUN_MS, RUNS } from './contest.ts'
import { atRest, pingPong } from './ping.bench.ts'
import { type Contestant, residentKib, startContest } from './proxies.ts'
import { bulk } from './relay.bench.ts'
import { newTunnels } from './tunnels.bench.ts'

/** What is measured, against whom, and the most (or least) that ours may be of theirs. */
interface Goal {
  readonly what: string
  readonly results: 'bulk' | 'tunnels' | 'pings'
  readonly figure: string
  readonly unit: string
  readonly peer: string
  readonly bound: { readonly most: number } | { readonly least: number } | null
}

const goals: readonly Goal[] = [
  { what: 'CPU per GB, 8 streams', results: 'bulk', figure: 'cpu', unit: 's/GB', peer: 'squid', bound: { most: 0.75 } },
  { what: 'CPU per GB, 8 streams', results: 'bulk', figure: 'cpu', unit: 's/GB', peer: 'dante', bound: { most: 0.75 } },
  { what: 'throughput, 8 streams', results: 'bulk', figure: 'rate', unit: 'MB/s', peer: 'direct', bound: { least: 0.4 } },
  { what: 'CPU per tunnel', results: 'tunnels', figure: 'cpu', unit: 'µs', peer: 'squid', bound: { most: 1.5 } },
  { what: 'CPU per tunnel', results: 'tunnels', figure: 'cpu', unit: 'µs', peer: 'proxy-chain', bound: { most: 1 } },
  { what: 'tunnels', results: 'tunnels', figure: 'rate', unit: '/s', peer: 'squid', bound: null },
  { what: 'tunnels', results: 'tunnels', figure: 'rate', unit: '/s', peer: 'proxy-chain', bound: null },
  { what: '64-byte ping, p50', results: 'pings', figure: 'p50', unit: 'µs', peer: 'squid', bound: { most: 1.15 } },
]

/** Of those that one process may have open here (20,000 descriptors), two for each. */
const IDLE_TUNNELS = 9_000
const MOST_KIB = 24

const OPEN_AT_EXIT = 1_000
const MOST_EXIT_MS = 1_000
/** A signal that comes sooner is taken for the same one, said twice. */
const SECOND_SIGNAL_MS = 300

export async function bench(): Promise<BenchTable & { readonly text: string }> {
  const origin = await startOrigin()
  const contest = await startContest(['ringfence', 'proxy-chain', 'squid', 'dante'])
  const without = (...names: readonly string[]) => contest.contestants.filter(({ name }) => !names.includes(name))
  const straight: Contestant = { name: 'direct', route: direct, pid: null }
  try {
    const results: Readonly<Record<Goal['results'], Results>> = {
      bulk: await interleave([...contest.contestants, straight], (each) => bulk(each, origin, { streams: 8, upload: false })),
      pings: await interleave(without('dante'), (each) => pingPong(each, origin)),
      // Last, and without Dante, which binds a port for each: those that wait for their end (TIME_WAIT) are used up for a minute.
      tunnels: await interleave(without('dante'), (each) => newTunnels(each, origin)),
    }
    return {
      title: `The doors, medians of ${RUNS} interleaved runs of ${RUN_MS / 1000} s each`,
      rows: [],
      text: [
        ...goals.map((goal) => lineOf(goal, results[goal.results])),
        ...(await ofItsOwn(origin)),
        ...contest.missing.map((name) => `SKIPPED: ${name} is not installed`),
      ].join('\n'),
    }
  } finally {
    await contest.stop()
    origin.stop()
  }
}

/** What is measured on a fresh process, and against a figure. */
async function ofItsOwn(origin: Origin): Promise<readonly string[]> {
  const contest = await startContest(['ringfence'])
  try {
    const [ours] = contest.contestants
    if (ours?.pid === undefined || ours.pid === null) throw new Error('Ringfence did not start')
    const { kib = Number.NaN } = await atRest(ours, origin, IDLE_TUNNELS)
    return [
      own(`${IDLE_TUNNELS.toLocaleString('en')} idle tunnels`, kib, 'KiB each', MOST_KIB),
      own(`exit, ${OPEN_AT_EXIT.toLocaleString('en')} open`, await exitOf(ours, ours.pid, origin), 'ms', MOST_EXIT_MS),
    ]
  } finally {
    await contest.stop()
  }
}

/** With tunnels open, from the second signal, which says that nobody wants to wait. */
async function exitOf({ route }: Contestant, pid: number, { ports }: Origin): Promise<number> {
  for (let i = 0; i < OPEN_AT_EXIT; i++) {
    const socket = await tunnel(route, ports.echo, () => {})
    // They are cut, which is what is measured.
    socket.on('error', () => {})
  }
  process.kill(pid, 'SIGTERM')
  await sleep(SECOND_SIGNAL_MS)
  const started = performance.now()
  process.kill(pid, 'SIGTERM')
  while (isRunning(pid)) await sleep(5)
  return performance.now() - started
}

/** A child that has ended and was not waited for yet is a zombie, which has no memory. */
function isRunning(pid: number): boolean {
  try {
    return residentKib(pid) > 0
  } catch {
    return false
  }
}

const own = (what: string, figure: number, unit: string, most: number): string =>
  `${what.padEnd(22)}  ${`${shown(figure)} ${unit}`.padStart(14)}  ${`≤ ${most.toLocaleString('en')} ${unit}`.padStart(18)}  ${figure <= most ? 'met' : 'NOT MET'}`

function lineOf({ what, figure, unit, peer, bound }: Goal, results: Results): string {
  const ours = medianOf(results, 'ringfence', figure)
  const theirs = medianOf(results, peer, figure)
  if (Number.isNaN(theirs)) return `SKIPPED: ${what}, for want of ${peer}`
  const ratio = ours / theirs
  const met = bound === null ? '' : ('most' in bound ? ratio <= bound.most : ratio >= bound.least) ? 'met' : 'NOT MET'
  const aim = bound === null ? '' : 'most' in bound ? `≤ ${bound.most}` : `≥ ${bound.least}`
  const cells = [
    what.padEnd(22),
    `${shown(ours)} ${unit}`.padStart(12),
    `${peer} ${shown(theirs)}`.padStart(20),
    `× ${ratio.toFixed(2)}`.padStart(8),
    aim.padStart(7),
    met,
  ]
  return cells.join('  ').trimEnd()
}

const shown = (figure: number): string => (figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toPrecision(3))
