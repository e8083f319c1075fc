/** An upstream proxy that says what a test wrote down, over a real socket, and notes what it was told. */
import { once } from 'node:events'
import net from 'node:net'
import { onTestFinished } from 'vitest'

/** Says its next word once it has received at least so many bytes in all (or this text), then goes on to the next. */
export interface Turn {
  readonly after: number | string
  readonly say?: Uint8Array | string
  readonly leave?: 'end' | 'reset'
}

export interface ScriptedProxy {
  readonly port: number
  /** Of each connection, all that came. */
  readonly received: readonly Buffer[]
  /** Connections that are open. */
  readonly open: number
}

export async function scriptedProxy(turns: readonly Turn[]): Promise<ScriptedProxy> {
  const received: Buffer[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const index = received.push(Buffer.alloc(0)) - 1
    const waiting = [...turns]
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    const go = () => {
      const all = received[index] ?? Buffer.alloc(0)
      for (;;) {
        const [turn] = waiting
        if (turn === undefined) return
        if (typeof turn.after === 'number' ? all.length < turn.after : !all.includes(turn.after)) return
        waiting.shift()
        if (turn.say !== undefined) socket.write(turn.say)
        if (turn.leave === 'end') socket.end()
        if (turn.leave === 'reset') socket.write('', () => socket.resetAndDestroy())
      }
    }
    socket.on('data', (chunk) => {
      received[index] = Buffer.concat([received[index] ?? Buffer.alloc(0), chunk])
      go()
    })
    go()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    received,
    get open() {
      return sockets.size
    },
  }
}
