/**
 * Name servers that send what no honest one does: each answer made by hand, over UDP, TCP, and HTTPS. A resolver that can
 * be led to an address of somebody else's record, into a loop, or to work without end fails here.
 */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createResolver } from '../../src/egress/resolver.ts'
import { parseResolverServer } from '../../src/egress/resolver-server.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../support/dated-certificates.ts'
import { name } from '../support/fake-ports.ts'
import { type Entry, startNameServer } from '../support/name-server.ts'
import { openProxy } from '../support/proxy-under-test.ts'
import { startHttp1NameServer, startHttpsNameServer } from '../support/secure-name-server.ts'

const TRUE = '192.0.2.1'
const LIE = '192.0.2.66'

let authority: TestAuthority
let certificate: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  certificate = await authority.vouchFor(['IP:127.0.0.1'])
})
afterAll(() => authority.remove())

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex')
const u16 = (number: number): Buffer => Buffer.from([number >> 8, number & 0xff])
const wire = (text: string): Buffer =>
  Buffer.concat([...text.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]), Buffer.alloc(1)])
/** The name of the question, where every response has it. */
const ASKED = hex('c00c')

const record = (owner: Buffer, type: number, data: Buffer, klass = 1): Buffer =>
  Buffer.concat([owner, u16(type), u16(klass), hex('0000003c'), u16(data.length), data])
const address = (owner: Buffer, ip: string) => record(owner, 1, Buffer.from(ip.split('.').map(Number)))
const alias = (owner: Buffer, target: Buffer) => record(owner, 5, target)
const opt = (owner = hex('00'), ttl = hex('00000000'), data: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([owner, u16(41), u16(1232), ttl, u16(data.length), data])

interface Sections {
  readonly flags?: number
  readonly answers?: readonly Buffer[]
  readonly authority?: readonly Buffer[]
  readonly additional?: readonly Buffer[]
  /** Instead of how many there are. */
  readonly announced?: number
}

/** The answer to this query: its id and question, then these records. */
function reply(query: Buffer, { flags = 0x8180, answers = [], authority = [], additional = [], announced }: Sections): Buffer {
  const end = query.indexOf(0, 12) + 5
  const counts = [1, announced ?? answers.length, authority.length, additional.length].map(u16)
  return Buffer.concat([query.subarray(0, 2), u16(flags), ...counts, query.subarray(12, end), ...answers, ...authority, ...additional])
}

/** Whether it asks for IPv4 addresses. */
const isA = (query: Buffer): boolean => query.readUInt16BE(query.indexOf(0, 12) + 1) === 1

/** Says so of A, and of AAAA that there is none. */
const saying =
  (sections: Sections) =>
  (query: Buffer): readonly Buffer[] => [reply(query, isA(query) ? sections : {})]

const www = wire('www.a.test')
const other = wire('bank.test')

/** None of these gives an address, whatever carries it. */
const nothing: Readonly<Record<string, Sections>> = {
  'an address of another name': { answers: [address(other, LIE)] },
  'an address of a name below': { answers: [address(www, LIE)] },
  'an address of the zone above': { answers: [address(wire('test'), LIE)] },
  'an address of the root': { answers: [address(hex('00'), LIE)] },
  'an address among the authorities': { authority: [address(ASKED, LIE)] },
  'an address among the additional records': { additional: [address(ASKED, LIE)] },
  'an address that follows an alias of another name': { answers: [alias(other, hex('c00c')), address(other, LIE)] },
  'an alias that leads here from elsewhere': { answers: [alias(www, ASKED), address(www, LIE)] },
  'an address of a name that differs by a dot inside a label': { answers: [address(Buffer.from('\x06a.test\x00', 'latin1'), LIE)] },
  'an address of a name that goes on behind a NUL': { answers: [address(Buffer.from('\x01a\x04test\x01\x00\x00', 'latin1'), LIE)] },
  'an address of class CH': { answers: [record(ASKED, 1, hex('c0000242'), 3)] },
  'an IPv6 address as an answer to A': { answers: [record(ASKED, 28, hex('20010db8000000000000000000000042'))] },
  'hints of a service': { answers: [record(ASKED, 65, hex('0001 00 0004 0004 c0000242'))] },
  'an address beside a denial': { flags: 0x8183, answers: [address(ASKED, LIE)] },
  'an address beside a failure': { flags: 0x8182, answers: [address(ASKED, LIE)] },
  'an address and an extended failure': { answers: [address(ASKED, LIE)], additional: [opt(hex('00'), hex('01000000'))] },
  'a name that is a pointer to itself': { answers: [address(hex('c018'), LIE)] },
  'a name that is a pointer forwards': { answers: [address(hex('c0ff'), LIE)] },
  'a name that is a pointer into the header': { answers: [address(hex('c000'), LIE)] },
  'a label and a pointer back to it': { answers: [address(hex('0161 c018'), LIE)] },
  'an alias whose target points to itself': { answers: [alias(ASKED, hex('c024'))] },
  'a label of a reserved kind': { answers: [address(hex('41 00'), LIE)] },
  'an alias to itself': { answers: [alias(ASKED, ASKED), address(other, LIE)] },
  'an alias longer than its data': { answers: [alias(ASKED, hex('0a6162'))] },
  'an address of five bytes': { answers: [record(ASKED, 1, hex('c000024200'))] },
  'two OPT': { answers: [address(ASKED, LIE)], additional: [opt(), opt()] },
  'an OPT that is not at the root': { answers: [address(ASKED, LIE)], additional: [opt(ASKED)] },
  'half an OPT': { answers: [address(ASKED, LIE)], additional: [hex('00 0029 04d0')] },
  '65,535 answers announced, and one there': { answers: [address(ASKED, LIE)], announced: 0xffff },
  'a query with an answer': { flags: 0x0100, answers: [address(ASKED, LIE)] },
  'an update': { flags: 0xa980, answers: [address(ASKED, LIE)] },
}

/** And each of these gives the one that is meant. */
const something: Readonly<Record<string, Sections>> = {
  'an OPT with options that nobody asked for': {
    answers: [address(ASKED, TRUE)],
    additional: [opt(hex('00'), hex('00008000'), hex('000c 0004 00000000 | 000f 0002 0016 | fde9 0000'))],
  },
  'an OPT whose options lie about their length': {
    answers: [address(ASKED, TRUE)],
    additional: [opt(hex('00'), hex('00000000'), hex('000c ffff 00'))],
  },
  'an OPT of another version': { answers: [address(ASKED, TRUE)], additional: [opt(hex('00'), hex('00ff0000'))] },
  'an OPT among the answers': { answers: [opt(), address(ASKED, TRUE)] },
  'lies about other names beside the truth': {
    answers: [address(other, LIE), address(ASKED, TRUE), address(www, LIE)],
    authority: [record(wire('test'), 2, other)],
    additional: [address(other, LIE), address(ASKED, LIE)],
  },
  'letters in another case': { answers: [address(Buffer.from('\x01A\x04TeSt\x00', 'latin1'), TRUE)] },
  'records of types that nobody knows': { answers: [record(ASKED, 65_280, Buffer.alloc(300)), address(ASKED, TRUE)] },
  'an address behind a chain that stands backwards': { answers: [address(other, TRUE), alias(www, other), alias(ASKED, www)] },
}

const carriers = {
  udp: async (entry: Entry) => `udp://127.0.0.1:${await plain(entry)}`,
  tcp: async (entry: Entry) => `tcp://127.0.0.1:${await plain(entry)}`,
  'https by HTTP/2': async (entry: Entry) =>
    `https://127.0.0.1:${(await startHttpsNameServer({ zone: { 'a.test': entry }, certificate })).port}/q`,
  'https by HTTP/1.1': async (entry: Entry) =>
    `https://127.0.0.1:${(await startHttp1NameServer({ zone: { 'a.test': entry }, certificate })).port}/q`,
} as const

async function plain(entry: Entry): Promise<number> {
  const server = await startNameServer({ zone: { 'a.test': entry } })
  onTestFinished(() => server.close())
  return server.port
}

async function lookUp(carrier: keyof typeof carriers, entry: Entry): Promise<readonly string[] | string> {
  const server = parseResolverServer(await carriers[carrier](entry))
  if ('problem' in server) throw new Error(server.problem)
  // Over UDP what answers nothing is passed over, and the wait goes on.
  const milliseconds = carrier === 'udp' ? 400 : 4_000
  const resolver = createResolver([server], {
    ca: [authority.ca],
    hostsPath: '/nonexistent',
    lookUpMs: milliseconds,
    serverMs: milliseconds,
  })
  return await resolver.resolve(name('a.test'), AbortSignal.timeout(5_000)).catch((error: { code: string }) => error.code)
}

describe.each(Object.keys(carriers) as (keyof typeof carriers)[])('over %s', (carrier) => {
  test.each(Object.entries(nothing))('%s: no address', async (_what, sections) => {
    expect(await lookUp(carrier, { instead: saying(sections) })).toMatch(/^resolve\.(failed|not-found)$/)
  })

  test.each(Object.entries(something))('%s: the true one', async (_what, sections) => {
    expect(await lookUp(carrier, { instead: saying(sections) })).toEqual([TRUE])
  })
})

describe.each(['tcp', 'https by HTTP/2', 'https by HTTP/1.1'] as const)('where the answer may be long, over %s', (carrier) => {
  test('an answer that says it was cut is none', async () => {
    expect(await lookUp(carrier, { instead: saying({ flags: 0x8380, answers: [address(ASKED, LIE)] }) })).toBe('resolve.failed')
  })

  test.each([
    ['addresses', (i: number) => address(ASKED, `192.0.${2 + (i >> 8)}.${i & 255}`)],
    ['aliases of other names, each behind sixty pointers', (i: number) => alias(i === 0 ? other : hex('c024'), ASKED)],
    ['addresses of names that only differ at their end', () => address(hex('0161 c00c'), LIE)],
  ])('64 KiB of %s cost no time to speak of, and 64 addresses at most', async (_what, made) => {
    const answers: Buffer[] = []
    for (let size = 60, i = 0; ; i++) {
      const next = made(i)
      size += next.length
      if (size > 65_000) break
      answers.push(next)
    }
    const startedAt = performance.now()
    const said = await lookUp(carrier, { instead: saying({ answers }) })
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(typeof said === 'string' ? 0 : said.length).toBeLessThanOrEqual(64)
  })
})

test('a forger who floods the port of a question with other ids gets nowhere: it is put over TCP', async () => {
  const forge = (query: Buffer): readonly Buffer[] => {
    const id = query.readUInt16BE(0)
    const lies = Array.from({ length: 1_000 }, (_, i) => {
      const lie = reply(query, { answers: isA(query) ? [address(ASKED, LIE)] : [] })
      lie.writeUInt16BE((id + 1 + i) & 0xffff, 0)
      return lie
    })
    return [...lies, reply(query, { answers: isA(query) ? [address(ASKED, TRUE)] : [] })]
  }
  expect(await lookUp('udp', { instead: forge })).toEqual([TRUE])
})

test('a name with thousands of addresses costs its client a record of its size, not of theirs', async () => {
  const answers = Array.from({ length: 4_000 }, (_, i) => address(ASKED, `170.114.${i >> 8}.${i & 255}`))
  const server = parseResolverServer(await carriers.tcp({ instead: saying({ answers }) }))
  if ('problem' in server) throw new Error(server.problem)
  const proxy = await openProxy({ resolver: createResolver([server]) })
  const client = await proxy.connect()
  client.send('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n')
  expect((await client.receives('\r\n\r\n')).length).toBeLessThan(16_384)
  await proxy.flowsOver(1)
  expect(proxy.dialer.tried).toHaveLength(64)
  expect(proxy.writer.decided[0]?.candidates).toHaveLength(64)
})

test.each(['udp', 'tcp'] as const)('a name with a dot at its end is asked for without, and one label as it stands (%s)', async (kind) => {
  const zone = { 'a.test': { A: [TRUE] }, intranet: { A: ['192.0.2.2'] } }
  const server = await startNameServer({ zone })
  onTestFinished(() => server.close())
  const parsed = parseResolverServer(`${kind}://127.0.0.1:${server.port}`)
  if ('problem' in parsed) throw new Error(parsed.problem)
  const resolver = createResolver([parsed])
  const ask = (text: string) => resolver.resolve(name(text), AbortSignal.timeout(5_000))
  expect(await ask('a.test.')).toEqual([TRUE])
  expect(await ask('intranet')).toEqual(['192.0.2.2'])
  expect(await ask('intranet.')).toEqual(['192.0.2.2'])
  await expect(ask('nowhere')).rejects.toMatchObject({ code: 'resolve.not-found' })
  // Each for both families, and no search domain behind any.
  expect(['a.test', 'intranet', 'nowhere'].map((of) => server.count(of, 'A'))).toEqual([1, 2, 1])
  expect(server.queries()).toBe(8)
})
