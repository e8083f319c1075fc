/** What Node programs reach a proxy with: https-proxy-agent, socks-proxy-agent, socks, and undici by the environment; WebSockets by the same. */
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { Readable } from 'node:stream'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { SocksClient } from 'socks'
import { SocksProxyAgent } from 'socks-proxy-agent'
import { EnvHttpProxyAgent, ProxyAgent, request as undiciRequest } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { DoorTls } from '../../src/inbound/tls.ts'
import { issueForDoor, makeAuthority } from '../support/certificates.ts'
import { loginOf } from '../support/made-up-login.ts'
import { AMERICA, authority, CHINA, expectRecordsToMatch, openProxiedSite } from '../support/proxied-site.ts'
import { patternBytes, sha256 } from '../support/web-site.ts'

const BIG = 3_000_000
const WAIT_MS = 8_000
/** Where a request has only an address, agents differ in whose certificate they look for. */
const tls = { ca: authority.certificate, servername: 'page.example' }

interface Answer {
  readonly status: number | undefined
  readonly body: Buffer
}

interface Agent extends http.Agent {
  destroy(): void
}

async function fetchBy(agent: Agent, url: string, upload?: Buffer): Promise<Answer> {
  const { request } = url.startsWith('https:') ? https : http
  const method = upload === undefined ? 'GET' : 'POST'
  const asked = request(url, { agent, ...tls, method, signal: AbortSignal.timeout(WAIT_MS) })
  asked.end(upload)
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode, body: Buffer.concat(chunks) }
}

async function expectEcho(socket: WebSocket): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS)
  await once(socket, 'open', { signal })
  for (const message of [Buffer.from('hello'), patternBytes(BIG)]) {
    socket.send(message)
    const [heard] = (await once(socket, 'message', { signal })) as [Buffer]
    expect(sha256(heard)).toBe(sha256(message))
  }
  socket.ping()
  await once(socket, 'pong', { signal })
  socket.close(1000, 'enough')
  const [code, reason] = await once(socket, 'close', { signal })
  expect([code, String(reason)]).toEqual([1000, 'enough'])
}

/** One that is gone when the test is over. */
const used = <A extends Agent>(agent: A): A => {
  onTestFinished(() => agent.destroy())
  return agent
}

const agents = [
  { name: 'https-proxy-agent', host: 'page.example', make: (at: string) => new HttpsProxyAgent(`http://${at}`, { keepAlive: true }) },
  // Those that look names up themselves are given an address.
  { name: 'socks-proxy-agent by socks4', host: AMERICA, make: (at: string) => new SocksProxyAgent(`socks4://${at}`, { keepAlive: true }) },
  {
    name: 'socks-proxy-agent by socks4a',
    host: 'page.example',
    make: (at: string) => new SocksProxyAgent(`socks4a://${at}`, { keepAlive: true }),
  },
  { name: 'socks-proxy-agent by socks5', host: AMERICA, make: (at: string) => new SocksProxyAgent(`socks5://${at}`, { keepAlive: true }) },
  {
    name: 'socks-proxy-agent by socks5h',
    host: 'page.example',
    make: (at: string) => new SocksProxyAgent(`socks5h://${at}`, { keepAlive: true }),
  },
]

describe.each(agents)('$name', ({ host, make }) => {
  test.each(['clear', 'tls'] as const)('sends and fetches as it is, over one connection: %s', async (over) => {
    const opened = await openProxiedSite({ over })
    const agent = used(make(opened.at))
    const origin = `${over === 'tls' ? 'https' : 'http'}://${host}`
    expect(sha256((await fetchBy(agent, `${origin}/bytes/${BIG}`)).body)).toBe(sha256(patternBytes(BIG)))
    expect(await fetchBy(agent, `${origin}/up`, patternBytes(BIG))).toMatchObject({ status: 200 })
    expect(opened.site.seen[1]).toMatchObject({ method: 'POST', bytes: BIG, sha256: sha256(patternBytes(BIG)) })
    agent.destroy()
    await expectRecordsToMatch(opened, 1)
    expect(opened.proxy.writer.decided).toMatchObject([{ verdict: 'allow', port: over === 'tls' ? 443 : 80, personal: { asked: host } }])
  })

  test.each([
    ['ws', 'clear'],
    ['wss', 'tls'],
  ] as const)('carries a WebSocket: %s', async (scheme, over) => {
    const opened = await openProxiedSite({ over })
    const socket = new WebSocket(`${scheme}://${host}/chat`, { agent: make(opened.at), ...tls, handshakeTimeout: WAIT_MS })
    await expectEcho(socket)
    await expectRecordsToMatch(opened, 1)
  })

  test('is refused what is forbidden, and nothing is dialled', async () => {
    const { proxy, at } = await openProxiedSite()
    const answer = await fetchBy(used(make(at)), `http://${CHINA}/`).catch((error: Error) => error)
    if (answer instanceof Error) expect(answer.message).toMatch(/Socks5 proxy rejected connection - NotAllowed|Socks4 Proxy rejected/i)
    else expect([answer.status, String(answer.body)]).toEqual([403, expect.stringContaining('fence "nothing-to-china"')])
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block' }])
  })
})

test.each([
  ['https-proxy-agent', (at: string, login: string) => new HttpsProxyAgent(`http://${login}@${at}`)],
  ['socks-proxy-agent', (at: string, login: string) => new SocksProxyAgent(`socks5h://${login}@${at}`)],
])('%s logs in by its URL', async (_, make) => {
  const { proxy, site, at } = await openProxiedSite({}, { login: loginOf({ anna: 'secret' }) })
  expect(await fetchBy(used(make(at, 'anna:secret')), 'http://page.example/')).toMatchObject({ status: 200 })
  const refused = await fetchBy(used(make(at, 'anna:guessed')), 'http://page.example/').catch((error: Error) => error)
  if (refused instanceof Error) expect(refused.message).toMatch(/Authentication failed/i)
  else expect(refused.status).toBe(407)
  expect(site.seen).toHaveLength(1)
  await proxy.flowsOver(1)
  expect(proxy.writer.decided).toMatchObject([{ personal: { user: 'anna' } }])
})

describe('socks', () => {
  const to = (port: number, host: string, type: 4 | 5) => ({
    proxy: { host: '127.0.0.1', port, type },
    destination: { host, port: 80 },
    timeout: WAIT_MS,
  })
  const ask = async (port: number, host: string, type: 4 | 5) =>
    await SocksClient.createConnection({ ...to(port, host, type), command: 'connect' })

  test.each([4, 5] as const)('speaks version %i itself, and has the connection', async (type) => {
    const opened = await openProxiedSite()
    const { socket } = await ask(opened.proxy.port, 'page.example', type)
    socket.end('GET /bytes/5 HTTP/1.1\r\nHost: page.example\r\nConnection: close\r\n\r\n')
    const received: Buffer[] = []
    for await (const chunk of socket) received.push(chunk)
    expect(Buffer.concat(received).subarray(-5)).toEqual(patternBytes(5))
    await expectRecordsToMatch(opened, 1)
  })

  test.each([
    ['a forbidden host', CHINA, 5, /NotAllowed/],
    ['a name that there is not', 'nowhere.example', 5, /HostUnreachable/],
    ['a forbidden host by version 4', CHINA, 4, /rejected/i],
  ] as const)('is refused %s', async (_, host, type, says) => {
    const { proxy } = await openProxiedSite()
    await expect(ask(proxy.port, host, type)).rejects.toThrow(says)
    expect(proxy.dialer.tried).toEqual([])
  })

  test.each([
    [5, /CommandNotSupported/],
    [4, /rejected/i],
  ] as const)('is refused BIND by version %i', async (type, says) => {
    const { proxy } = await openProxiedSite()
    const client = new SocksClient({ ...to(proxy.port, AMERICA, type), command: 'bind' })
    client.connect()
    await expect(once(client, 'bound')).rejects.toThrow(says)
    expect(proxy.writer.decided).toEqual([])
  })
})

test('a WebSocket asked for in absolute form is switched through the HTTP door itself', async () => {
  const opened = await openProxiedSite()
  const socket = new WebSocket('ws://page.example/chat', {
    createConnection: () => net.connect(opened.proxy.port, '127.0.0.1'),
    finishRequest: (request) => {
      request.path = 'http://page.example/chat'
      request.end()
    },
    handshakeTimeout: WAIT_MS,
  })
  await expectEcho(socket)
  await expectRecordsToMatch(opened, 1)
  expect(opened.proxy.writer.decided).toMatchObject([{ port: 80, personal: { asked: 'page.example' } }])
})

describe('undici’s EnvHttpProxyAgent', () => {
  test.each([
    { over: 'clear', proxyTunnel: true },
    { over: 'clear', proxyTunnel: false },
    { over: 'tls', proxyTunnel: true },
  ] as const)('goes where the environment says: $over, tunnel $proxyTunnel', async ({ over, proxyTunnel }) => {
    const opened = await openProxiedSite({ over })
    vi.stubEnv('http_proxy', `http://${opened.at}`)
    vi.stubEnv('https_proxy', `http://${opened.at}`)
    vi.stubEnv('no_proxy', 'localhost')
    const dispatcher = new EnvHttpProxyAgent({ proxyTunnel, requestTls: { ca: authority.certificate } })
    const origin = over === 'tls' ? 'https://page.example' : 'http://page.example'
    const signal = AbortSignal.timeout(WAIT_MS)
    const down = await undiciRequest(`${origin}/bytes/${BIG}`, { dispatcher, signal })
    expect(sha256(Buffer.from(await down.body.arrayBuffer()))).toBe(sha256(patternBytes(BIG)))
    const pieces = Readable.from([1, 2, 3].map(() => patternBytes(BIG / 3)))
    const sent = Buffer.concat([1, 2, 3].map(() => patternBytes(BIG / 3)))
    const up = await undiciRequest(`${origin}/up`, { dispatcher, signal, method: 'PUT', body: pieces })
    expect(await up.body.json()).toMatchObject({ method: 'PUT', bytes: BIG, sha256: sha256(sent) })
    expect(opened.site.seen[1]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' })
    const refused = await undiciRequest('http://china.example/', { dispatcher, signal }).catch((error: Error) => error)
    expect(refused instanceof Error ? refused.message : refused.statusCode).toEqual(expect.toSatisfy((told) => /403/.test(String(told))))
    await dispatcher.close()
    expect(opened.proxy.dialer.tried.every((where) => where.startsWith(AMERICA))).toBe(true)
    await opened.proxy.flowsOver(opened.proxy.offers.length)
    expect(opened.proxy.writer.ended.map(({ ending }) => ending)).not.toContain('failed')
  })

  test('goes past the proxy where the environment says that', async () => {
    const { site, proxy, at } = await openProxiedSite()
    vi.stubEnv('http_proxy', `http://${at}`)
    vi.stubEnv('no_proxy', '127.0.0.1')
    const dispatcher = new EnvHttpProxyAgent()
    const { statusCode, body } = await undiciRequest(`http://127.0.0.1:${site.port}/`, { dispatcher })
    await body.dump()
    await dispatcher.close()
    expect(statusCode).toBe(200)
    expect(proxy.offers).toEqual([])
  })
})

describe('a door that speaks TLS', () => {
  const people = makeAuthority('/CN=people')
  const anna = people.issue('/CN=anna/OU=office')
  const door = issueForDoor(authority)
  const open = async (over: 'clear' | 'tls', login: 'none' | 'certificate' = 'none') => {
    const opened = await openProxiedSite(
      { over },
      { tls: new DoorTls({ ...door, clients: login === 'none' ? null : people.certificate }, login === 'certificate') },
    )
    return { ...opened, at: `https://localhost:${opened.proxy.port}`, origin: `${over === 'tls' ? 'https' : 'http'}://page.example` }
  }
  const trusting = { ca: authority.certificate }
  const showing = { ...trusting, cert: anna.certificate, key: anna.key }

  test.each(['clear', 'tls'] as const)('https-proxy-agent sends and fetches through it: %s', async (over) => {
    const opened = await open(over)
    const agent = used(new HttpsProxyAgent(opened.at, { keepAlive: true, ...trusting }))
    expect(sha256((await fetchBy(agent, `${opened.origin}/bytes/${BIG}`)).body)).toBe(sha256(patternBytes(BIG)))
    expect(await fetchBy(agent, `${opened.origin}/up`, patternBytes(BIG))).toMatchObject({ status: 200 })
    expect(opened.site.seen[1]).toMatchObject({ method: 'POST', bytes: BIG, sha256: sha256(patternBytes(BIG)) })
    agent.destroy()
    await expectRecordsToMatch(opened, 1)
  })

  test.each([
    { over: 'clear', proxyTunnel: true },
    { over: 'clear', proxyTunnel: false },
    { over: 'tls', proxyTunnel: true },
  ] as const)('undici’s ProxyAgent does, too: $over, tunnel $proxyTunnel', async ({ over, proxyTunnel }) => {
    const { proxy, site, at, origin } = await open(over)
    const dispatcher = new ProxyAgent({ uri: at, proxyTls: trusting, requestTls: trusting, proxyTunnel })
    const signal = AbortSignal.timeout(WAIT_MS)
    const down = await undiciRequest(`${origin}/bytes/${BIG}`, { dispatcher, signal })
    expect(sha256(Buffer.from(await down.body.arrayBuffer()))).toBe(sha256(patternBytes(BIG)))
    const up = await undiciRequest(`${origin}/up`, { dispatcher, signal, method: 'POST', body: patternBytes(BIG) })
    await up.body.dump()
    expect(site.seen[1]).toMatchObject({ method: 'POST', bytes: BIG, sha256: sha256(patternBytes(BIG)) })
    await dispatcher.close()
    await proxy.flowsOver(proxy.offers.length)
    expect(proxy.writer.ended.map(({ ending }) => ending)).not.toContain('failed')
  })

  test.each([
    [
      'https-proxy-agent',
      async (at: string, tls: object) => (await fetchBy(used(new HttpsProxyAgent(at, tls)), 'http://page.example/')).status,
    ],
    [
      'undici’s ProxyAgent',
      async (at: string, proxyTls: object) => {
        const dispatcher = new ProxyAgent({ uri: at, proxyTls })
        onTestFinished(() => dispatcher.destroy())
        const signal = AbortSignal.timeout(WAIT_MS)
        const { statusCode, body } = await undiciRequest('http://page.example/', { dispatcher, signal })
        await body.dump()
        return statusCode
      },
    ],
  ])('%s is known by its certificate, and trusts no other authority than it is told to', async (_, ask) => {
    const { proxy, at } = await open('clear', 'certificate')
    expect(await ask(at, showing)).toBe(200)
    expect(proxy.offers.map(({ flow: { who } }) => [who.name, who.groups])).toEqual([['anna', ['office']]])
    await expect(ask(at, { ...showing, ca: people.certificate })).rejects.toThrow(/certificate/)
    await expect(ask(at, trusting)).rejects.toThrow()
    expect(proxy.offers).toHaveLength(1)
  })
})
