/**
 * A WebSocket through the proxy. Reads `{ proxy, url, by }` from its input, says hello to the server, prints its answer.
 * `by`: `undici` (its own WebSocket, which tunnels), `connect` (ws with an agent that tunnels, as https-proxy-agent does)
 * or `upgrade` (ws with an agent that asks in absolute form, as http-proxy-agent does).
 */
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { ProxyAgent, WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket } from 'ws'

const { proxy, url, by } = JSON.parse(fs.readFileSync(0, 'utf8'))
const { hostname: proxyHost, port: proxyPort } = new URL(proxy)

class UpgradeAgent extends http.Agent {
  addRequest(request, options) {
    request.path = `http://${options.host}:${options.port}${request.path}`
    super.addRequest(request, { ...options, host: proxyHost, port: proxyPort })
  }
}

const tunnelling = (Agent, wrap) =>
  new (class extends Agent {
    createConnection(options, connected) {
      const target = `${options.host}:${options.port}`
      const ask = http.request({
        host: proxyHost,
        port: proxyPort,
        method: 'CONNECT',
        path: target,
        headers: { host: target },
        agent: false,
      })
      ask.on('connect', (answer, socket) => {
        if (answer.statusCode === 200) return connected(null, wrap(socket, options))
        socket.destroy()
        connected(new Error(`CONNECT: ${answer.statusCode}`))
      })
      ask.on('error', connected)
      ask.end()
    }
  })()

const clients = {
  undici: () => new UndiciWebSocket(url, { dispatcher: new ProxyAgent(proxy) }),
  upgrade: () => new WebSocket(url, { agent: new UpgradeAgent() }),
  connect: () => {
    const secure = url.startsWith('wss:')
    const wrap = (socket, { servername }) => (secure ? tls.connect({ socket, servername }) : socket)
    return new WebSocket(url, { agent: tunnelling(secure ? https.Agent : http.Agent, wrap) })
  },
}

const socket = clients[by]()
const print = (result) => {
  process.stdout.write(JSON.stringify(result), () => process.exit())
}
setTimeout(() => print({ error: 'no answer within 8 s' }), 8_000).unref()
socket.addEventListener('open', () => socket.send('hello'))
socket.addEventListener('message', ({ data }) => print({ heard: data }))
socket.addEventListener('error', (event) =>
  print({ error: event.error?.cause?.message ?? event.error?.message ?? event.message ?? 'refused' }),
)
