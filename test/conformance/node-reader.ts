/** A third reading of requests: that of Node's own server (llhttp, strict), which wrote none of what it reads here. */
import http from 'node:http'
import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'

export interface NodeRequest {
  readonly method: string
  readonly target: string
  readonly host: string | null
  readonly body: string
}

export interface NodeReading {
  readonly requests: readonly NodeRequest[]
  /** It read no further, for it knows its methods by name and takes no raw bytes in targets: others may, and that ends no message elsewhere. */
  readonly abstains: boolean
}

const PATIENCE_MS = 2_000

/** The requests that it reads as whole from a connection that carries these bytes and ends. */
export async function readByNode(text: string): Promise<NodeReading> {
  const read: NodeRequest[] = []
  const server = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('error', () => undefined)
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      read.push({ method, target: url, host: headers.host ?? null, body: Buffer.concat(parts).toString('latin1') })
      response.end()
    })
  })
  let abstains = false
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    abstains ||= error.code === 'HPE_INVALID_METHOD' || (error.code === 'HPE_INVALID_URL' && /^[^\r\n]*[\x80-\xff]/.test(text))
    socket.destroy()
  })
  const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  const over = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Node's server does not come to an end with ${JSON.stringify(text)}`)), PATIENCE_MS)
    connection.on('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  connection.on('error', () => undefined)
  server.emit('connection', connection)
  connection.push(Buffer.from(text, 'latin1'))
  // The end aborts what is read but not yet handed on, which takes a turn.
  await turn()
  await turn()
  connection.push(null)
  await over
  return { requests: read, abstains }
}

export interface NodeAnswer {
  readonly status: number
  readonly body: string
}

/** The final answer that its client reads from a connection that carries these bytes and ends; `null`: none that is whole. */
export function readAnswerByNode(text: string, method: string): Promise<NodeAnswer | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE_MS)
    const say = (answer: NodeAnswer | null) => {
      clearTimeout(timer)
      resolve(answer)
    }
    const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
    const request = http.request({ method, host: 'x', createConnection: () => connection })
    request.on('error', () => say(null))
    request.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', () => say(null))
      response.on('end', () => say({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('latin1') }))
    })
    request.end()
    connection.push(Buffer.from(text, 'latin1'))
    connection.push(null)
  })
}
