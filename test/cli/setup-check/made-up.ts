/** A world to be checked: a real door, and a server that says what it is told to. */
import net, { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { CheckWorld } from '../../../src/cli/setup-check/world.ts'
import { here } from '../setup/made-up.ts'

export const doorAt = (port: number, login = false) => ({ at: `127.0.0.1:${port}`, host: '127.0.0.1', port, login, secure: false })

export function worldWith(change: Partial<CheckWorld> = {}): CheckWorld {
  const { parameters = here } = change
  return { parameters, doors: [parameters.door], env: {}, probes: [], ...change }
}

/** Answers each connection with these bytes once something came; `null`: says nothing. */
export async function serverSaying(answer: string | null): Promise<number> {
  const open = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => (answer === null ? undefined : socket.end(answer)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
