/**
 * A client of UDP ASSOCIATE that speaks its bytes itself. Reads `{ proxy: { host, port }, datagrams: [{ host, port, text }] }`
 * from its input, sends one after the other and prints what came back of each: `{ from, text }`, or `null`.
 */
import dgram from 'node:dgram'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'

const WAIT_MS = 800

const { proxy, datagrams } = JSON.parse(fs.readFileSync(0, 'utf8'))

const addressBytes = (text) => {
  if (net.isIPv4(text)) return [1, ...text.split('.').map(Number)]
  if (!net.isIPv6(text)) return [3, Buffer.byteLength(text), ...Buffer.from(text)]
  const [head, tail = ''] = text.split('::')
  const groups = (part) => part.split(':').filter(Boolean)
  const zeros = Array(8 - groups(head).length - groups(tail).length).fill('0')
  return [
    4,
    ...[...groups(head), ...zeros, ...groups(tail)].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  ]
}

const control = net.connect(proxy.port, proxy.host)
control.write(Uint8Array.of(5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0))
let reply = Buffer.alloc(0)
const length = net.isIPv6(proxy.host) ? 24 : 12
while (reply.length < length) reply = Buffer.concat([reply, ...(await once(control, 'data'))])
if (reply[3] !== 0) throw new Error(`refused: ${reply.toString('hex')}`)
const port = reply.readUInt16BE(length - 2)

const socket = dgram.createSocket(net.isIPv6(proxy.host) ? 'udp6' : 'udp4')
const answers = []
for (const { host, port: to, text } of datagrams) {
  const header = [0, 0, 0, ...addressBytes(host), to >> 8, to & 255]
  socket.send(Buffer.concat([Uint8Array.from(header), Buffer.from(text)]), port, proxy.host)
  const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(WAIT_MS) }).catch(() => [null])
  answers.push(
    message === null ? null : { from: message[3] === 4 ? 'IPv6' : 'IPv4', text: message.subarray(message[3] === 4 ? 22 : 10).toString() },
  )
}
socket.close()
control.end()
process.stdout.write(JSON.stringify(answers))
