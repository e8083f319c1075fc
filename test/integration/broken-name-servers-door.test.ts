/**
 * Name servers that are slow, silent, broken or lying, behind a running door (F5): whatever they do, a client has its
 * connection or a refusal with the right code, other names are served meanwhile, and nothing is dialled that was not judged.
 */
import dnsPacket from 'dns-packet'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { lookUpTimes } from '../../src/egress/resolver/servers-in-order.ts'
import { createResolver } from '../../src/egress/resolver.ts'
import { parseResolverServer } from '../../src/egress/resolver-server.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../support/dated-certificates.ts'
import { findProgram } from '../support/listening-program.ts'
import { type Behaviour, type Entry, type NameServer, startNameServer, type ZoneTable } from '../support/name-server.ts'
import { echo, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { type Proxy as Door, eventually, notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { runProgram } from '../support/run-program.ts'
import { startHttp1NameServer, startHttpsNameServer, startTlsNameServer } from '../support/secure-name-server.ts'

const AMERICA = '170.114.1.1'
/** Permitted, and in no true answer: a proxy that believes a lie goes there. */
const FORGED = '103.255.1.1'
const FORGED_V6 = '2001:db8:1::1'
const CHINA = '52.81.151.250'

let authority: TestAuthority
let sound: Certificate
let misnamed: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  sound = await authority.vouchFor(['DNS:dns.test'])
  misnamed = await authority.vouchFor(['DNS:other.test'])
})
afterAll(() => authority.remove())

const both = (more: Behaviour): Entry => ({ A: { addresses: [FORGED], ...more }, AAAA: { addresses: [FORGED_V6], ...more } })

/** A made-up answer to the question: its records in whatever section, of whatever name. */
const saying =
  (records: (name: string) => Partial<dnsPacket.Packet>) =>
  (query: Buffer): readonly Buffer[] => {
    const { id = 0, questions = [] } = dnsPacket.decode(query)
    const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE
    return [dnsPacket.encode({ type: 'response', id, flags, questions, ...records(questions[0]?.name ?? '') })]
  }

const forged = (name: string): dnsPacket.Answer => ({ name, type: 'A', ttl: 60, data: FORGED })

const faults = {
  'silent.example': { silent: true },
  'slow.example': both({ delayMs: 30_000 }),
  'garbage.example': { garbage: true },
  'servfail.example': { rcode: 'SERVFAIL' },
  'refused.example': { rcode: 'REFUSED' },
  'id.example': both({ lie: 'id' }),
  'question.example': both({ lie: 'question' }),
  'source.example': both({ lie: 'source' }),
  'records.example': both({ lie: 'records' }),
  'header.example': both({ lie: 'header' }),
  'circle.example': { CNAME: 'back.example' },
  'back.example': { CNAME: 'circle.example' },
  'cut-silent.example': [{ truncated: true }, { silent: true }],
  'cut-malformed.example': {
    instead: (query, overTcp) =>
      saying((name) => ({ answers: [forged(name)] }))(query).map((bytes) => (overTcp ? bytes.subarray(0, -1) : withFlag(bytes, 0x02))),
  },
  'cut-lying.example': [{ truncated: true }, both({ lie: 'records' })],
  'authority.example': { instead: saying((name) => ({ authorities: [forged(name)] })) },
  'additional.example': { instead: saying((name) => ({ additionals: [forged(name)] })) },
  'sibling.example': { instead: saying((name) => ({ answers: [forged(`www.${name}`), forged('example'), forged('.')] })) },
  'child-of.example': {
    instead: saying((name) => ({ answers: [{ name: `a.${name}`, type: 'CNAME', ttl: 60, data: name }, forged(`a.${name}`)] })),
  },
  'cut-cut.example': {
    instead: (query) => saying((name) => ({ answers: [forged(name)] }))(query).map((bytes) => withFlag(bytes, 0x02)),
  },
  'question-sent-back.example': { instead: (query) => [query] },
} as const satisfies ZoneTable

const withFlag = (bytes: Buffer, flag: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[2] = (changed[2] ?? 0) | flag
  return changed
}

const good: ZoneTable = {
  'good.example': { A: [AMERICA] },
  'lied-first.example': { A: { addresses: [AMERICA], lie: 'id', honest: true } },
  'local.example': { A: ['127.0.0.1'] },
  'china.example': { A: [CHINA] },
}

const timeout = { http: 504, error: 'dns_timeout', code: 'resolve.timeout' }
const failed = { http: 502, error: 'dns_error', code: 'resolve.failed' }
const notFound = { http: 502, error: 'dns_error', code: 'resolve.not-found' }

const told: Readonly<Record<keyof typeof faults, typeof timeout>> = {
  'silent.example': timeout,
  'slow.example': timeout,
  'garbage.example': failed,
  'servfail.example': failed,
  'refused.example': failed,
  'id.example': failed,
  'question.example': failed,
  'source.example': timeout,
  'records.example': notFound,
  'header.example': failed,
  'circle.example': failed,
  'back.example': failed,
  'cut-silent.example': timeout,
  'cut-malformed.example': failed,
  'cut-lying.example': notFound,
  'authority.example': notFound,
  'additional.example': notFound,
  'sibling.example': notFound,
  'child-of.example': notFound,
  'cut-cut.example': failed,
  'question-sent-back.example': failed,
}

async function open(server: string, milliseconds: number = lookUpTimes.serverMs): Promise<Door> {
  const web = await startHttpOrigin(() => ok('served', 'Connection: close'))
  const tunnel = await startOrigin(echo)
  const parsed = parseResolverServer(server)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return await openProxy({
    policy: policyText('enforce', notToChina),
    resolver: createResolver([parsed], { ca: [authority.ca], serverMs: milliseconds }),
    routes: {
      [`${AMERICA}:80`]: web.port,
      [`${AMERICA}:443`]: tunnel.port,
      // Nobody is refused there, so that a dial that must not be would succeed.
      [FORGED]: tunnel.port,
      [FORGED_V6]: tunnel.port,
      [CHINA]: tunnel.port,
    },
  })
}

async function nameServer(zone: ZoneTable = { ...faults, ...good }): Promise<NameServer> {
  const server = await startNameServer({ zone })
  onTestFinished(() => server.close())
  return server
}

/** How a client asks for a name, and what it is told: the status of HTTP or the code of SOCKS, with Proxy-Status. */
const dialects = {
  CONNECT: async (proxy: Door, name: string) => await heads(proxy, `CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}\r\n\r\n`),
  GET: async (proxy: Door, name: string) => await heads(proxy, `GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\n\r\n`),
  SOCKS5: async (proxy: Door, name: string) => {
    const client = await proxy.connect()
    client.send(`\x05\x01\x00\x05\x01\x00\x03${String.fromCharCode(name.length)}${name}\x01\xbb`)
    const reply = (await client.receivesBytes(12))[3]
    client.socket.destroy()
    return String(reply)
  },
  SOCKS4a: async (proxy: Door, name: string) => {
    const client = await proxy.connect()
    client.send(`\x04\x01\x01\xbb\x00\x00\x00\x01\x00${name}\x00`)
    const reply = (await client.receivesBytes(8))[1]
    client.socket.destroy()
    return String(reply)
  },
} as const

async function heads(proxy: Door, request: string): Promise<string> {
  const client = await proxy.connect()
  client.send(request)
  const head = await client.receives('\r\n\r\n')
  client.socket.destroy()
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? []
  const [, error = ''] = /\r\nProxy-Status: [^\r]*error=([a-z_]+)/.exec(head) ?? []
  return `${status} ${error}`.trim()
}

const served: Readonly<Record<keyof typeof dialects, string>> = { CONNECT: '200', GET: '200', SOCKS5: '0', SOCKS4a: '90' }

const asked = Object.entries(dialects) as readonly [keyof typeof dialects, (typeof dialects)['GET']][]

/** Whatever was dialled, a verdict had permitted: of its flow, and by its address. */
function expectOnlyJudgedDials({ dialer, writer }: Door): void {
  const permitted = new Set(writer.decided.flatMap(({ candidates }) => candidates.flatMap((each) => (each.permitted ? [each.ip] : []))))
  expect(new Set(dialer.tried.map((endpoint) => endpoint.replace(/:\d+$/, '')))).toEqual(permitted)
}

test('every fault at once, in every dialect: refused with its code within bounds, and other names are served meanwhile', async () => {
  const { port } = await nameServer()
  const proxy = await open(`udp://127.0.0.1:${port}`)
  const startedAt = performance.now()
  let pending = true
  const answers = Promise.all(
    Object.keys(faults).flatMap((name) => asked.map(async ([dialect, ask]) => [name, dialect, await ask(proxy, name)] as const)),
  ).finally(() => {
    pending = false
  })
  let worst = 0
  let rounds = 0
  while (pending) {
    for (const [dialect, ask] of asked) {
      const askedAt = performance.now()
      expect(await ask(proxy, 'good.example')).toBe(served[dialect])
      worst = Math.max(worst, performance.now() - askedAt)
    }
    rounds++
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  for (const [name, dialect, answer] of await answers) {
    const { http, error } = told[name as keyof typeof faults]
    expect(`${name} ${dialect} ${answer}`).toBe(
      `${name} ${dialect} ${dialect === 'SOCKS5' ? 4 : dialect === 'SOCKS4a' ? 91 : `${http} ${error}`}`,
    )
  }
  expect(performance.now() - startedAt).toBeLessThan(12_000)
  expect(rounds).toBeGreaterThan(10)
  expect(worst).toBeLessThan(1_000)

  const refused = Object.keys(faults).length * asked.length
  await proxy.flowsOver(refused + rounds * asked.length)
  const blocked = proxy.writer.decided.filter(({ verdict }) => verdict === 'block')
  expect(blocked).toHaveLength(refused)
  for (const { personal, reasons, candidates } of blocked) {
    const { code } = told[personal.asked as keyof typeof faults]
    expect({ asked: personal.asked, reasons, candidates }).toMatchObject({ asked: personal.asked, reasons: [{ code }], candidates: [] })
  }
  expect(new Set(proxy.dialer.tried)).toEqual(new Set([`${AMERICA}:443`, `${AMERICA}:80`]))
  expectOnlyJudgedDials(proxy)
  expect(proxy.failed).toEqual([])
})

test('a forger who is faster than the server is passed over, and an answer that is true but forbidden stays so', async () => {
  const { port } = await nameServer()
  const proxy = await open(`udp://127.0.0.1:${port}`)
  for (const [dialect, ask] of asked) {
    expect(await ask(proxy, 'lied-first.example')).toBe(served[dialect])
    expect(await ask(proxy, 'local.example')).toMatch(/^(403 destination_ip_prohibited|2|91)$/)
    expect(await ask(proxy, 'china.example')).toMatch(/^(403 http_request_denied|2|91)$/)
  }
  await proxy.flowsOver(3 * asked.length)
  expectOnlyJudgedDials(proxy)
})

test('a name server that dies and comes back: names fail closed meanwhile, and are served again', async () => {
  const first = await startNameServer({ zone: good })
  const proxy = await open(`udp://127.0.0.1:${first.port}`)
  expect(await dialects.CONNECT(proxy, 'good.example')).toBe('200')
  await first.close()
  const startedAt = performance.now()
  for (const [dialect, ask] of asked)
    expect(await ask(proxy, 'good.example')).toBe({ CONNECT: '502 dns_error', GET: '502 dns_error', SOCKS5: '4', SOCKS4a: '91' }[dialect])
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  const second = await startNameServer({ zone: good, port: first.port })
  onTestFinished(() => second.close())
  for (const [dialect, ask] of asked) expect(await ask(proxy, 'good.example')).toBe(served[dialect])
  await proxy.flowsOver(1 + 2 * asked.length)
  expectOnlyJudgedDials(proxy)
})

const secure: readonly (readonly [string, () => Promise<string>, '200' | '502 dns_error' | '504 dns_timeout'])[] = [
  ['TLS', async () => `tls://127.0.0.1:${(await startTlsNameServer({ zone: good, certificate: sound })).port}`, '200'],
  [
    'TLS for another name',
    async () => `tls://127.0.0.1:${(await startTlsNameServer({ zone: good, certificate: misnamed })).port}`,
    '502 dns_error',
  ],
  ['TLS where the server speaks in clear', async () => `tls://127.0.0.1:${(await nameServer(good)).port}`, '504 dns_timeout'],
  ['HTTP/2', async () => `https://127.0.0.1:${(await startHttpsNameServer({ zone: good, certificate: sound })).port}/q`, '200'],
  ['HTTP/1.1', async () => `https://127.0.0.1:${(await startHttp1NameServer({ zone: good, certificate: sound })).port}/q`, '200'],
  [
    'HTTP/1.1 for another name',
    async () => `https://127.0.0.1:${(await startHttp1NameServer({ zone: good, certificate: misnamed })).port}/q`,
    '502 dns_error',
  ],
  [
    'HTTP/2, silent',
    async () =>
      `https://127.0.0.1:${(await startHttpsNameServer({ zone: { 'good.example': { silent: true } }, certificate: sound })).port}/q`,
    '504 dns_timeout',
  ],
  [
    'HTTP/1.1, lying',
    async () =>
      `https://127.0.0.1:${(await startHttp1NameServer({ zone: { 'good.example': both({ lie: 'question' }) }, certificate: sound })).port}/q`,
    '502 dns_error',
  ],
]

describe('over TLS and HTTPS', () => {
  test.each(secure)('%s', async (_what, start, answer) => {
    const proxy = await open(`${await start()}#dns.test`, 2_000)
    expect(await dialects.CONNECT(proxy, 'good.example')).toBe(answer)
    await proxy.flowsOver(1)
    expect(proxy.dialer.tried).toEqual(answer === '200' ? [`${AMERICA}:443`] : [])
  })
})

test('a hundred names that are never answered, and their clients who leave: no look-up and no flow is left', async () => {
  const never = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`never${i}.example`, { silent: true }] as const))
  const { port, queries } = await nameServer({ ...never, ...good })
  const proxy = await open(`udp://127.0.0.1:${port}`)
  const clients = await Promise.all(
    Object.keys(never).map(async (name) => {
      const client = await proxy.connect()
      client.send(`CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}\r\n\r\n`)
      return client
    }),
  )
  await eventually('all to be asked for', () => queries() >= 200)
  const startedAt = performance.now()
  expect(await dialects.GET(proxy, 'good.example')).toBe('200')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  for (const client of clients) client.reset()
  await eventually('all flows to be over', () => proxy.open === 0, 3_000)
  expect(proxy.writer.decided.filter(({ verdict }) => verdict === 'block')).toHaveLength(100)
  expectOnlyJudgedDials(proxy)
})

describe('curl', () => {
  beforeEach((context) => {
    if (findProgram('curl') === null) context.skip('needs curl')
  })

  const curl = (...args: readonly string[]) => runProgram('curl', ['-q', '--silent', '--show-error', '--max-time', '12', ...args])

  test('is told by every door', async () => {
    const { port } = await nameServer()
    const proxy = await open(`udp://127.0.0.1:${port}`)
    const at = `127.0.0.1:${proxy.port}`
    const [plain, tunnel, socks, served] = await Promise.all([
      curl('--include', '-x', `http://${at}`, 'http://silent.example/'),
      curl('-p', '-x', `http://${at}`, 'http://garbage.example/'),
      curl('--socks5-hostname', at, 'http://servfail.example/'),
      curl('-x', `http://${at}`, 'http://good.example/'),
    ])
    expect(plain.stdout).toMatch(/^HTTP\/1\.1 504 .*\r\nProxy-Status: [^\r]*error=dns_timeout/s)
    expect(tunnel.stderr).toContain('response 502')
    expect(socks).toMatchObject({ status: 97, stderr: expect.stringMatching(/\(4\)\s*$/) as unknown })
    expect(served.stdout).toBe('served')
    await proxy.flowsOver(4)
    expectOnlyJudgedDials(proxy)
  })
})
