/** The near end: connections to an origin, directly or through a proxy, and the origin's process. */
import { fork } from 'node:child_process'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Ports } from './origin.ts'

export interface Route {
  readonly protocol: 'direct' | 'connect' | 'socks5'
  /** Where the proxy listens; of no meaning for `direct`. */
  readonly port: number
}

export const direct: Route = { protocol: 'direct', port: 0 }

export interface Origin {
  readonly ports: Ports
  stop(): void
}

export async function startOrigin(): Promise<Origin> {
  const loader = new URL('../support/load-typescript.mjs', import.meta.url).href
  const child = fork(fileURLToPath(new URL('./origin.ts', import.meta.url)), { execArgv: ['--import', loader] })
  const ports = await new Promise<Ports>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Ports))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the origin ended with ${code}`)))
  })
  return { ports, stop: () => child.kill() }
}

/** Nobody waits longer for anything here. */
const PATIENCE_MS = 10_000

/** What is read is looked at during the callback only, so that all sockets share it. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024)

/** `length` of the whole answer, where enough of it is there to tell; throws where it is a refusal. */
interface Step {
  readonly send: Buffer
  length(bytes: Buffer): number | null
}

function handshake({ protocol }: Route, target: number): readonly Step[] {
  if (protocol === 'direct') return []
  if (protocol === 'socks5') {
    return [
      { send: Buffer.from([5, 1, 0]), length: (bytes) => answerOf(bytes, 2) },
      { send: Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 255]), length: (bytes) => answerOf(bytes, 10) },
    ]
  }
  const head = `CONNECT 127.0.0.1:${target} HTTP/1.1\r\nHost: 127.0.0.1:${target}\r\n\r\n`
  return [{ send: Buffer.from(head), length: lengthOfHead }]
}

function answerOf(bytes: Buffer, length: number): number | null {
  if (bytes.length < length) return null
  if (bytes[1] !== 0) throw new Error(`refused: ${bytes.subarray(0, length).toString('hex')}`)
  return length
}

function lengthOfHead(bytes: Buffer): number | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return null
  if (!/^HTTP\/1\.[01] 200 /.test(bytes.toString('latin1'))) throw new Error(`refused: ${bytes.subarray(0, end).toString('latin1')}`)
  return end + 4
}

/** A tunnel to a port of the origin: `opened` once it stands, then `received` for what comes, glued to the proxy's answer or not. */
export function openTunnel(
  route: Route,
  target: number,
  opened: (socket: net.Socket) => void,
  received: (bytes: number) => void,
  failed: (error: Error) => void,
): net.Socket {
  const steps = handshake(route, target)
  let step = 0
  let answer = Buffer.alloc(0)
  const socket = net.connect({
    host: '127.0.0.1',
    port: route.protocol === 'direct' ? target : route.port,
    noDelay: true,
    onread: {
      buffer: READ_BUFFER,
      callback: (bytes, buffer) => {
        const waiting = steps[step]
        if (waiting === undefined) {
          received(bytes)
          return true
        }
        answer = Buffer.concat([answer, buffer.subarray(0, bytes)])
        const length = lengthIn(waiting, answer, socket)
        if (length === null) return true
        const rest = answer.length - length
        answer = Buffer.alloc(0)
        step++
        const next = steps[step]
        if (next === undefined) opened(socket)
        else socket.write(next.send)
        if (rest > 0) received(rest)
        return true
      },
    },
  })
  socket.setTimeout(PATIENCE_MS, () =>
    socket.destroy(new Error(`${route.protocol} by port ${route.port}: nothing for ${PATIENCE_MS / 1000} s`)),
  )
  socket.on('connect', () => {
    const first = steps[0]
    if (first === undefined) opened(socket)
    else socket.write(first.send)
  })
  socket.on('error', failed)
  socket.on('close', () => {
    if (step < steps.length)
      failed(new Error(`${route.protocol} by port ${route.port}: closed with ${JSON.stringify(answer.toString('latin1'))} as an answer`))
  })
  socket.resume()
  return socket
}

function lengthIn(step: Step, answer: Buffer, socket: net.Socket): number | null {
  try {
    return step.length(answer)
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)))
    return null
  }
}

/** The same as a promise. */
export const tunnel = (route: Route, target: number, received: (bytes: number) => void): Promise<net.Socket> =>
  new Promise((resolve, reject) => openTunnel(route, target, resolve, received, reject))
