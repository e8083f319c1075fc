/**
 * A small DNS server for tests, over UDP and TCP on one port. It answers from a table, or a function, and misbehaves
 * on request. It also runs by itself, inside network namespaces:
 *
 *   node --import ./test/support/load-typescript.mjs test/support/name-server.ts --listen 10.0.0.53:53 --zone zone.json
 */
import dgram from 'node:dgram'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import dnsPacket from 'dns-packet'

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

export interface Behaviour {
  /** NXDOMAIN for a name that the zone lacks, else NOERROR. */
  readonly rcode?: keyof typeof rcodes
  readonly delayMs?: number
  /** Never answers. */
  readonly silent?: boolean
  /** Answers with bytes that are no DNS message. */
  readonly garbage?: boolean
  /** Over UDP says "ask again over TCP". */
  readonly truncated?: boolean
  /** Of every record, in seconds. Zero unless given: nobody may keep the answer, so each query is seen here. */
  readonly ttl?: number
  /** An absence then comes with a SOA that says how long it holds. */
  readonly negativeTtl?: number
  /** Sent instead of the answer, or before it where `honest` is set. */
  readonly lie?: Lie
  readonly honest?: boolean
  /** The whole answer, whatever it is, and as many of them as there are. */
  readonly instead?: (query: Buffer, overTcp: boolean) => readonly Uint8Array[]
}

/**
 * `id`: another id · `question`: the answer to another question · `records`: of another name alone · `source`: from
 * another port · `header`: the id and nothing behind it
 */
export type Lie = 'id' | 'question' | 'records' | 'source' | 'header'

export type Records = readonly string[] | (Behaviour & { readonly addresses?: readonly string[] })

/** What the server says of one name; what stands under `A` or `AAAA` holds for that type only. */
export interface Entry extends Behaviour {
  readonly A?: Records
  readonly AAAA?: Records
  /** The addresses are then those of this name. */
  readonly CNAME?: string
}

/** A list answers the nth query of a name and type with its nth entry, later ones with the last. */
export type ZoneTable = Readonly<Record<string, Entry | readonly Entry[]>>

/** `asked`: how often this name and type were asked before. */
export type ZoneFunction = (name: string, type: string, asked: number) => Entry | undefined

export interface NameServer {
  readonly address: string
  readonly port: number
  count(name: string, type: 'A' | 'AAAA'): number
  /** All queries of any name and type. */
  queries(): number
  close(): Promise<void>
}

interface Options {
  readonly zone: ZoneTable | ZoneFunction
  /** 127.0.0.1 unless given. */
  readonly address?: string
  /** 0: a free one. */
  readonly port?: number
}

/** What answers, whatever carries the messages. */
export interface Answering extends Pick<NameServer, 'count' | 'queries'> {
  /** `elsewhere`: how to send from another port, where that can be. */
  answer(message: Buffer, overTcp: boolean, send: (bytes: Buffer) => void, elsewhere?: (bytes: Buffer) => void): void
  stop(): void
}

export function answerFrom(zone: ZoneTable | ZoneFunction): Answering {
  const counts = new Map<string, number>()
  const timers = new Set<NodeJS.Timeout>()
  const entryOf = typeof zone === 'function' ? zone : fromTable(zone)

  const answer: Answering['answer'] = (message, overTcp, send, elsewhere = send) => {
    const query = decode(message)
    const question = query?.questions?.[0]
    if (query === null || question === undefined) return
    const name = question.name.toLowerCase()
    const key = `${name} ${question.type}`
    const asked = counts.get(key) ?? 0
    counts.set(key, asked + 1)
    const entry = entryOf(name, question.type, asked)
    const behaviour = behaviourOf(entry, question.type)
    if (behaviour.silent) return
    if (behaviour.instead !== undefined) {
      for (const bytes of behaviour.instead(message, overTcp)) send(Buffer.from(bytes))
      return
    }
    const truth = replyTo(query, question, entry, behaviour, overTcp)
    const say = () => {
      if (behaviour.lie !== undefined) (behaviour.lie === 'source' ? elsewhere : send)(lieOf(behaviour.lie, truth))
      if (behaviour.lie === undefined || behaviour.honest === true) send(truth)
    }
    if (behaviour.delayMs === undefined) return say()
    const timer = setTimeout(() => {
      timers.delete(timer)
      say()
    }, behaviour.delayMs)
    timers.add(timer)
  }

  return {
    answer,
    count: (name, type) => counts.get(`${name.toLowerCase()} ${type}`) ?? 0,
    queries: () => [...counts.values()].reduce((sum, n) => sum + n, 0),
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

export async function startNameServer({ zone, address = '127.0.0.1', port = 0 }: Options): Promise<NameServer> {
  const connections = new Set<net.Socket>()
  const { answer, count, queries, stop } = answerFrom(zone)

  const udp = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4')
  udp.on('message', (message, from) => {
    const elsewhere = (bytes: Buffer) => {
      const other = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4')
      other.send(bytes, from.port, from.address, () => other.close())
    }
    answer(message, false, (bytes) => udp.send(bytes, from.port, from.address), elsewhere)
  })
  const tcp = net.createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    socket.on('error', () => socket.destroy())
    onMessages(socket, (message) => answer(message, true, (bytes) => socket.writable && socket.write(withLength(bytes))))
  })
  const bound = await bindBoth(udp, tcp, address, port)

  return {
    address,
    port: bound,
    count,
    queries,
    close: async () => {
      stop()
      for (const socket of connections) socket.destroy()
      await Promise.all([new Promise<void>((done) => udp.close(done)), new Promise((done) => tcp.close(done))])
    },
  }
}

const fromTable =
  (table: ZoneTable): ZoneFunction =>
  (name, _type, asked) => {
    const entries = [table[name]].flat()
    return entries[Math.min(asked, entries.length - 1)]
  }

const recordsOf = (entry: Entry | undefined, type: string): Records | undefined =>
  type === 'A' || type === 'AAAA' ? entry?.[type] : undefined

function behaviourOf(entry: Entry | undefined, type: string): Behaviour {
  const records = recordsOf(entry, type)
  return { rcode: entry === undefined ? 'NXDOMAIN' : 'NOERROR', ...entry, ...(isList(records) ? {} : records) }
}

function replyTo(
  query: dnsPacket.DecodedPacket,
  question: dnsPacket.Question,
  entry: Entry | undefined,
  { rcode = 'NOERROR', garbage, truncated, ttl = 0, negativeTtl }: Behaviour,
  overTcp: boolean,
): Buffer {
  // Not even a header: whoever reads it cannot tell which query it belongs to.
  if (garbage) return Buffer.from('c0ffee', 'hex')
  const cut = truncated === true && !overTcp
  const records = recordsOf(entry, question.type)
  const addresses = isList(records) ? records : (records?.addresses ?? [])
  const alias = entry?.CNAME
  const answers: dnsPacket.Answer[] = addresses.map((data) => ({
    name: alias ?? question.name,
    type: question.type as 'A' | 'AAAA',
    ttl,
    data,
  }))
  if (alias !== undefined) answers.unshift({ name: question.name, type: 'CNAME', ttl, data: alias })
  const asked = (query.flags ?? 0) & dnsPacket.RECURSION_DESIRED
  return dnsPacket.encode({
    type: 'response',
    id: query.id ?? 0,
    flags: asked | dnsPacket.RECURSION_AVAILABLE | (cut ? dnsPacket.TRUNCATED_RESPONSE : 0) | rcodes[rcode],
    questions: [question],
    answers: rcode !== 'NOERROR' || cut ? [] : answers,
    authorities: negativeTtl === undefined ? [] : [soa(negativeTtl)],
  })
}

const soa = (minimum: number): dnsPacket.Answer => ({
  name: '.',
  type: 'SOA',
  ttl: 3_600,
  data: { mname: 'ns.test', rname: 'host.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
})

function lieOf(lie: Lie, truth: Buffer): Buffer {
  const packet = dnsPacket.decode(truth)
  const { id = 0, flags = 0, questions = [], answers = [] } = packet
  const renamed = answers.map((answer) => ({ ...answer, name: 'other.test' }))
  switch (lie) {
    case 'id':
      return dnsPacket.encode({ ...packet, type: 'response', flags, id: (id + 1) & 0xffff })
    case 'question':
      return dnsPacket.encode({
        type: 'response',
        id,
        flags,
        questions: questions.map((asked) => ({ ...asked, name: 'other.test' })),
        answers: renamed,
      })
    case 'records':
      return dnsPacket.encode({ type: 'response', id, flags, questions, answers: renamed })
    case 'header':
      return Buffer.concat([truth.subarray(0, 4), Buffer.alloc(8)])
    case 'source':
      return truth
  }
}

const isList = (records: Records | undefined): records is readonly string[] => Array.isArray(records)

function decode(message: Buffer): dnsPacket.DecodedPacket | null {
  try {
    return dnsPacket.decode(message)
  } catch {
    return null
  }
}

/** RFC 1035 §4.2.2: over TCP each message has its length before it. */
export const withLength = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])

export function onMessages(socket: net.Socket, told: (message: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0)
      told(held.subarray(2, end))
      held = held.subarray(end)
    }
  })
}

/** With port 0 the system picks a free TCP port; UDP must get the same one, and may find it taken. */
async function bindBoth(udp: dgram.Socket, tcp: net.Server, address: string, port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    await listening(tcp, () => tcp.listen(port, address))
    const free = (tcp.address() as net.AddressInfo).port
    try {
      await listening(udp, () => udp.bind(free, address))
      return free
    } catch (error) {
      await new Promise((done) => tcp.close(done))
      if (port !== 0 || attempt === 10) throw error
    }
  }
}

function listening(server: dgram.Socket | net.Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      server.off('listening', settle)
      server.off('error', settle)
      if (error === undefined) resolve()
      else reject(error)
    }
    server.on('listening', settle)
    server.on('error', settle)
    start()
  })
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { listen: { type: 'string', default: '127.0.0.1:5353' }, zone: { type: 'string' } } })
  const colon = values.listen.lastIndexOf(':')
  const address = values.listen.slice(0, colon).replace(/^\[|\]$/g, '')
  const zone = values.zone === undefined ? {} : (JSON.parse(readFileSync(values.zone, 'utf8')) as ZoneTable)
  const server = await startNameServer({ zone, address, port: Number(values.listen.slice(colon + 1)) })
  process.stdout.write(`listening on ${address} port ${server.port}\n`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main()
