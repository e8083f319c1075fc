/** Bulk through open tunnels: MB/s, and what decides, CPU seconds of the proxy per GB (10⁹ bytes). */
import type net from 'node:net'
import { type BenchTable, BINARY } from './bench.ts'
import { direct, type Origin, startOrigin, tunnel } from './client.ts'
import { type Figures, interleave, observe, RUN_MS, RUNS, rowsAgainst, rowsMissing } from './contest.ts'
import { type Contestant, startContest } from './proxies.ts'

const BLOCK = Buffer.alloc(512 * 1024, BINARY)

const loads = [
  { name: 'download ×1', streams: 1, upload: false },
  { name: 'download ×8', streams: 8, upload: false },
  { name: 'upload ×8', streams: 8, upload: true },
] as const

export async function bench(): Promise<BenchTable> {
  const origin = await startOrigin()
  const contest = await startContest(['ringfence', 'proxy-chain', 'squid', 'dante', 'tinyproxy'])
  const contestants: readonly Contestant[] = [...contest.contestants, { name: 'direct', route: direct, pid: null }]
  try {
    const rows: BenchTable['rows'][number][] = []
    for (const load of loads) {
      const results = await interleave(contestants, (contestant) => bulk(contestant, origin, load))
      rows.push(...rowsAgainst(results, `${load.name} CPU`, 'cpu', 's/GB'), ...rowsAgainst(results, `${load.name} rate`, 'rate', 'MB/s'))
    }
    return {
      title: `Bulk through CONNECT, Ringfence / others; medians of ${RUNS} interleaved runs of ${RUN_MS / 1000} s`,
      rows: [...rows, ...rowsMissing(contest.missing)],
    }
  } finally {
    await contest.stop()
    origin.stop()
  }
}

export async function bulk(
  contestant: Contestant,
  { ports }: Origin,
  { streams, upload }: { readonly streams: number; readonly upload: boolean },
): Promise<Figures> {
  let bytes = 0
  const sockets: net.Socket[] = []
  try {
    for (let i = 0; i < streams; i++) {
      const socket = await tunnel(contestant.route, upload ? ports.sink : ports.source, (received) => {
        bytes += received
      })
      sockets.push(socket)
      if (upload)
        send(socket, (sent) => {
          bytes += sent
        })
    }
    const { perSecond, cpuPerUnit } = await observe(contestant, () => bytes)
    return { rate: perSecond / 1e6, cpu: cpuPerUnit * 1e9 }
  } finally {
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.destroy().once('close', () => resolve()))))
  }
}

/** Without end; a block counts when the kernel has taken all of it. */
function send(socket: net.Socket, sent: (bytes: number) => void): void {
  const next = () => {
    if (socket.destroyed) return
    socket.write(BLOCK, (error) => {
      if (error) return
      sent(BLOCK.length)
      next()
    })
  }
  next()
}
