/** A small FTP server, passive only (RFC 959, RFC 2428 for EPSV): files by name, in memory. Both its ports are known when it starts. */
import { once } from 'node:events'
import net from 'node:net'
import readline from 'node:readline'
import { onTestFinished } from 'vitest'

export interface FtpServer {
  readonly port: number
  /** Where every transfer of data is accepted. */
  readonly dataPort: number
  readonly files: Map<string, Buffer>
  /** What clients asked, in order, without passwords. */
  readonly commands: readonly string[]
}

const DATA_MS = 8_000

/** `address`: what it says of itself in PASV. */
export async function startFtpServer(address: string, files: Readonly<Record<string, Buffer>>): Promise<FtpServer> {
  const sockets = new Set<net.Socket>()
  const keep = (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  }
  const transfers: net.Socket[] = []
  // A client may be done with its side before the command has come.
  const data = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    keep(socket)
    transfers.push(socket)
    data.emit('transfer')
  })
  const nextTransfer = async (): Promise<net.Socket> => {
    for (;;) {
      const socket = transfers.shift()
      if (socket !== undefined) return socket
      await once(data, 'transfer', { signal: AbortSignal.timeout(DATA_MS) })
    }
  }
  const dataPort = await listenAnywhere(data)
  const store = new Map(Object.entries(files))
  const commands: string[] = []
  const session = { address, dataPort, files: store, nextTransfer }
  const control = net.createServer((socket) => {
    keep(socket)
    converse(socket, session, commands).catch(() => socket.destroy())
  })
  const port = await listenAnywhere(control)
  onTestFinished(() => {
    for (const server of [control, data]) server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port, dataPort, files: store, commands }
}

interface Session {
  readonly address: string
  readonly dataPort: number
  readonly files: Map<string, Buffer>
  nextTransfer(): Promise<net.Socket>
}

async function converse(socket: net.Socket, session: Session, commands: string[]): Promise<void> {
  socket.write('220 ready\r\n')
  for await (const line of readline.createInterface(socket)) {
    const [verb = '', ...rest] = line.split(' ')
    commands.push(verb === 'PASS' ? verb : line)
    socket.write(`${await answerTo(verb.toUpperCase(), rest.join(' '), session, (text) => socket.write(`${text}\r\n`))}\r\n`)
    if (verb === 'QUIT') socket.end()
  }
}

async function answerTo(verb: string, argument: string, session: Session, say: (text: string) => void): Promise<string> {
  const { address, dataPort, files } = session
  const file = files.get(argument)
  switch (verb) {
    case 'USER':
      return '331 password'
    case 'PASS':
      return '230 welcome'
    case 'PWD':
      return '257 "/"'
    case 'TYPE':
    case 'CWD':
      return '200 done'
    case 'EPSV':
      return `229 passive (|||${dataPort}|)`
    case 'PASV':
      return `227 passive (${[...address.split('.'), dataPort >> 8, dataPort & 255].join(',')})`
    case 'SIZE':
      return file === undefined ? '550 none' : `213 ${file.length}`
    case 'RETR': {
      if (file === undefined) return '550 none'
      say('150 here it comes')
      const transfer = await session.nextTransfer()
      transfer.resume().end(file)
      await once(transfer, 'close')
      return '226 sent'
    }
    case 'STOR': {
      say('150 give')
      const received: Buffer[] = []
      const transfer = await session.nextTransfer()
      for await (const chunk of transfer) received.push(chunk)
      transfer.end()
      files.set(argument, Buffer.concat(received))
      return '226 kept'
    }
    case 'QUIT':
      return '221 bye'
    default:
      return '502 not here'
  }
}

async function listenAnywhere(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
