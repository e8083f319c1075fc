/** The door `mixed`: HTTP proxy, SOCKS5 and SOCKS4 on one port, told apart by the first byte. */
import type { Door, Visitor } from './door.ts'
import { serveHttp } from './http.ts'
import { serveSocks4 } from './socks4.ts'
import { serveSocks5 } from './socks5.ts'

const FIRST_BYTE: Readonly<Record<number, (visitor: Visitor, door: Door) => Promise<void>>> = { 4: serveSocks4, 5: serveSocks5 }

export async function serveMixed(visitor: Visitor, door: Door): Promise<void> {
  const { stream, inTime } = visitor
  await stream.grown(0, inTime)
  const first = stream.held[0]
  if (first === undefined) return stream.destroy()
  await (FIRST_BYTE[first] ?? serveHttp)(visitor, door)
}
