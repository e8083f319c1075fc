/**
 * The hosts and the name server of the made-up world, in one process: run inside its namespace by `world-setup.ts`, which
 * asks over IPC what was reached. It ends when its parent does.
 *
 *   ip netns exec world-1 node --import ./test/support/load-typescript.mjs test/support/world.ts CERT_FOLDER
 */
import dgram from 'node:dgram'
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Entry, startNameServer } from './name-server.ts'
import { allAddresses, bannerText, hosts, nameServer, ports, silentAddress, type WorldQuestion, type WorldReport } from './world-map.ts'

const { us, ru, cn } = hosts

const certificates = process.argv[2] ?? ''

const accepted: WorldReport['accepted'][number][] = []
const datagrams: WorldReport['datagrams'][number][] = []
const queries: WorldReport['queries'][number][] = []

const zone: Readonly<Record<string, Entry>> = {
  'us.example': { A: [us.v4], AAAA: [us.v6] },
  'ru.example': { A: [ru.v4], AAAA: [ru.v6] },
  'cn.example': { A: [cn.v4], AAAA: [cn.v6] },
  'us4.example': { A: [us.v4] },
  'us6.example': { AAAA: [us.v6] },
  'cn4.example': { A: [cn.v4] },
  'cn6.example': { AAAA: [cn.v6] },
  'half-silent.example': { A: [silentAddress, us.v4] },
  'mixed.example': { A: [cn.v4, us.v4] },
  'mixed6.example': { A: [us.v4], AAAA: [cn.v6] },
  'meet.forbidden.example': { A: [us.v4] },
  'www.harmless.example': { A: [us.v4] },
  'rebind-lan.example': { A: ['10.0.0.5'] },
  'rebind-loopback.example': { A: ['127.0.0.1'], AAAA: ['::1'] },
  'metadata.example': { A: ['169.254.169.254'] },
  'silent.example': { silent: true },
  // Two vendors of location data, one of them behind the fence. What they serve, a test puts into `served/`.
  'ip-ranges.amazonaws.com': { A: [us.v4] },
  'www.digitalocean.com': { A: [cn.v4] },
}

/** Names that change their answer at the second query of a type: any name below these. */
const flips = [
  { below: '.flip.example', first: us.v4, later: cn.v4 },
  { below: '.flop.example', first: cn.v4, later: us.v4 },
]

function answer(name: string, type: string, asked: number): Entry | undefined {
  queries.push({ name, type })
  const flip = flips.find(({ below }) => name.endsWith(below))
  if (flip !== undefined) return { A: [asked === 0 ? flip.first : flip.later] }
  return zone[name]
}

const plain = (address = '') => address.replace(/^::ffff:/, '')

function note(socket: net.Socket): void {
  accepted.push({ address: plain(socket.localAddress), port: socket.localPort ?? 0, from: plain(socket.remoteAddress) })
  socket.on('error', () => socket.destroy())
}

function respond(request: http.IncomingMessage, response: http.ServerResponse): void {
  const { socket, method, url: path = '', headers } = request
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const serverName = (socket as TLSSocket).servername
    const seen = { at: plain(socket.localAddress), from: plain(socket.remoteAddress), serverName, method, path, headers }
    const body = Buffer.concat(chunks).toString()
    if (path === '/page')
      return response.setHeader('content-type', 'text/html').end(`<!doctype html><title>w</title><p id="at">served at ${seen.at}</p>`)
    if (path === '/break') return breakOff(response)
    const file = `${certificates}/served/${serverName}${path}`
    if (typeof serverName === 'string' && fs.existsSync(file)) return response.end(fs.readFileSync(file))
    if (path.startsWith('/big')) return big(response)
    const send = () => response.setHeader('content-type', 'application/json').end(`${JSON.stringify({ ...seen, body })}\n`)
    if (path === '/slow') setTimeout(send, 500)
    else send()
  })
}

/** A reset in the middle of a body. */
function breakOff(response: http.ServerResponse): void {
  response.writeHead(200, { 'content-length': '1000' }).write('half')
  setTimeout(() => response.socket?.resetAndDestroy(), 100)
}

/** 4 MiB in chunks, of which the nth byte is n modulo 251. */
function big(response: http.ServerResponse): void {
  const bytes = Buffer.from(Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, i) => i % 251))
  response.write(bytes.subarray(0, 1_000_000))
  response.end(bytes.subarray(1_000_000))
}

function serveWebSockets(server: http.Server | https.Server): void {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened: WebSocket) => {
      opened.on('message', (data) => opened.send(`${plain(request.socket.localAddress)} heard ${String(data)}`))
    })
  })
}

function echo(socket: net.Socket): void {
  note(socket)
  socket.pipe(socket)
}

function greet(socket: net.Socket): void {
  socket.write(bannerText)
  echo(socket)
}

function answerAfterFin(socket: net.Socket): void {
  note(socket)
  let bytes = 0
  socket.on('data', (chunk) => {
    bytes += chunk.length
  })
  socket.on('end', () => setTimeout(() => socket.end(`got ${bytes} bytes, then your FIN\n`), 100))
}

/** A socket for each address: one for all could not say which of them it was that a datagram was for. */
async function echoDatagrams(address: string): Promise<void> {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (message, from) => {
    datagrams.push({ address, port: ports.echo, from: from.address })
    socket.send(`${address} heard ${message}`, from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(ports.echo, address, resolve))
}

async function main(): Promise<void> {
  const web = http.createServer(respond).on('connection', note)
  const key = fs.readFileSync(`${certificates}/leaf.key`)
  const cert = fs.readFileSync(`${certificates}/leaf.crt`)
  const secure = https.createServer({ key, cert }, respond).on('connection', note)
  serveWebSockets(web)
  serveWebSockets(secure)
  const servers = [
    { server: web, port: ports.http },
    { server: secure, port: ports.https },
    { server: net.createServer({ allowHalfOpen: true }, echo), port: ports.echo },
    { server: net.createServer({ allowHalfOpen: true }, greet), port: ports.banner },
    { server: net.createServer({ allowHalfOpen: true }, answerAfterFin), port: ports.afterFin },
  ]
  await Promise.all(servers.map(({ server, port }) => new Promise<void>((resolve) => server.listen(port, '::', resolve))))
  await Promise.all(allAddresses.map(echoDatagrams))
  await startNameServer({ zone: answer, address: nameServer.host, port: nameServer.port })

  process.on('disconnect', () => process.exit())
  process.on('message', ({ id, forget }: WorldQuestion) => {
    process.send?.({ id, report: { accepted, datagrams, queries } })
    if (forget) accepted.length = datagrams.length = queries.length = 0
  })
  process.send?.({ id: 0 })
}

await main()
