/**
 * New tunnels: connect, CONNECT (or SOCKS5), 1 KiB request, 1 KiB answer, close, 32 at a time; and requests with the whole
 * address on kept-alive connections, of which Ringfence judges and records each. Per second, and CPU of the proxy for each.
 */
import net from 'node:net'
import { type BenchTable, BINARY } from './bench.ts'
import { direct, type Origin, openTunnel, type Route, startOrigin } from './client.ts'
import { type Figures, interleave, observe, RUN_MS, RUNS, rowsAgainst, rowsMissing } from './contest.ts'
import { type Contestant, startContest } from './proxies.ts'

const PARALLEL = 32
const KIB = Buffer.alloc(1024, BINARY)

export async function bench(): Promise<BenchTable> {
  const origin = await startOrigin()
  const contest = await startContest(['ringfence', 'ringfence, no log', 'proxy-chain', 'squid', 'tinyproxy'])
  try {
    const socks = contest.contestants
      .filter(({ name }) => name === 'ringfence')
      .map((ours): Contestant => ({ ...ours, name: 'ringfence by SOCKS5', route: { ...ours.route, protocol: 'socks5' } }))
    const tunnels = await interleave([...contest.contestants, ...socks, { name: 'direct', route: direct, pid: null }], (contestant) =>
      newTunnels(contestant, origin),
    )
    const requests = await interleave(
      contest.contestants.filter(({ name }) => name !== 'tinyproxy'),
      (contestant) => keptAlive(contestant, origin),
    )
    return {
      title: `New tunnels and requests, ${PARALLEL} in parallel, Ringfence / others; medians of ${RUNS} interleaved runs of ${RUN_MS / 1000} s`,
      rows: [
        ...rowsAgainst(tunnels, 'tunnel CPU', 'cpu', 'µs'),
        ...rowsAgainst(tunnels, 'tunnels', 'rate', '/s'),
        ...rowsAgainst(requests, 'GET CPU', 'cpu', 'µs'),
        ...rowsAgainst(requests, 'GET', 'rate', '/s'),
        ...rowsMissing(contest.missing),
      ],
    }
  } finally {
    await contest.stop()
    origin.stop()
  }
}

/** As many as it can. */
export const newTunnels = (contestant: Contestant, { ports }: Origin): Promise<Figures> =>
  repeated(contestant, (route) => oneTunnel(route, ports.answer))

/** Does one thing after the other in each of the parallel lanes, until the time is over. */
async function repeated(contestant: Contestant, once: (route: Route) => Promise<void>): Promise<Figures> {
  let done = 0
  let over = false
  const lane = async () => {
    while (!over) {
      await once(contestant.route).catch((cause: unknown) => {
        throw new Error(`${contestant.name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
      })
      done++
    }
  }
  const lanes = Promise.all(Array.from({ length: PARALLEL }, lane))
  // What fails ends the bench here rather than after the time is over.
  const observed = await Promise.race([
    observe(contestant, () => done),
    lanes.then(() => Promise.reject(new Error('no lane ends by itself'))),
  ])
  over = true
  await lanes
  return { rate: observed.perSecond, cpu: observed.cpuPerUnit * 1e6 }
}

function oneTunnel(route: Route, target: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = KIB.length
    const socket = openTunnel(
      route,
      target,
      (opened) => opened.write(KIB),
      (bytes) => {
        left -= bytes
        if (left === 0) socket.end()
      },
      reject,
    )
    socket.on('close', () =>
      left === 0 ? resolve() : reject(new Error(`${route.protocol} by port ${route.port}: closed ${left} bytes early`)),
    )
  })
}

async function keptAlive(contestant: Contestant, { ports }: Origin): Promise<Figures> {
  const free: Requester[] = []
  const all: Requester[] = []
  try {
    return await repeated(contestant, async ({ port }) => {
      let requester = free.pop()
      if (requester === undefined) {
        requester = new Requester(port, `127.0.0.1:${ports.http}`)
        all.push(requester)
      }
      await requester.get()
      free.push(requester)
    })
  } finally {
    for (const requester of all) requester.close()
  }
}

/** One connection to a proxy, one request at a time. */
class Requester {
  readonly #socket: net.Socket
  readonly #request: string
  #answer = ''
  #resolve: () => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(port: number, authority: string) {
    this.#request = `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`
    this.#socket = net.connect({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.setTimeout(10_000, () => this.#socket.destroy(new Error(`no answer from the proxy on port ${port}`)))
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')))
    this.#socket.on('error', (error) => this.#reject(error))
    this.#socket.on('close', () =>
      this.#reject(new Error(`the proxy on port ${port} closed the connection after ${JSON.stringify(this.#answer)}`)),
    )
  }

  get(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#answer = ''
      this.#socket.write(this.#request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    this.#answer += text
    const head = this.#answer.indexOf('\r\n\r\n')
    if (head < 0) return
    if (!/^HTTP\/1\.1 200 .*\r\ncontent-length: 1024\r\n/is.test(this.#answer.slice(0, head + 2))) {
      this.#reject(new Error(`not the origin's answer: ${this.#answer.slice(0, head)}`))
    } else if (this.#answer.length === head + 4 + 1024) {
      this.#resolve()
    }
  }
}
