/**
 * The far end of every bench, a process of its own so that it has a core to itself: a port for each thing that an origin
 * can do. Tells its parent the ports.
 */
import net from 'node:net'
import { BINARY } from './bench.ts'

export type Ports = Readonly<Record<keyof typeof services, number>>

const BLOCK = Buffer.alloc(512 * 1024, BINARY)
const KIB = Buffer.alloc(1024, BINARY)
const HTTP_ANSWER = Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n'), KIB])

const services = {
  /** Sends without end. */
  source(socket: net.Socket) {
    const send = (error?: Error | null) => {
      if (!error && socket.writable) socket.write(BLOCK, send)
    }
    socket.resume()
    send()
  },
  /** Takes all. */
  sink(socket: net.Socket) {
    socket.resume()
  },
  echo(socket: net.Socket) {
    socket.on('data', (chunk) => socket.write(chunk))
  },
  /** 1 KiB for every 1 KiB. */
  answer(socket: net.Socket) {
    let received = 0
    socket.on('data', (chunk) => {
      for (received += chunk.length; received >= KIB.length; received -= KIB.length) socket.write(KIB)
    })
  },
  /** Requests without bodies, one after the other. */
  http(socket: net.Socket) {
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        const last = /\r\nconnection:[^\r]*close/i.test(head.slice(0, end + 2))
        head = head.slice(end + 4)
        if (last) socket.end(HTTP_ANSWER)
        else socket.write(HTTP_ANSWER)
      }
    })
  },
}

async function serve(service: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    service(socket)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return address.port
}

// Its parent's end is its own.
process.once('disconnect', () => process.exit())
process.send?.(Object.fromEntries(await Promise.all(Object.entries(services).map(async ([name, service]) => [name, await serve(service)]))))
