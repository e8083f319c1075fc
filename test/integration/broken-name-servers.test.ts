/**
 * Name servers that are slow, silent, broken or lying, with the waits that a running proxy has: whatever they do, a name
 * has a right answer or none, within 12 s, and other names and the disk do not wait for it.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createResolver } from '../../src/egress/resolver.ts'
import { parseResolverServer, type ResolverServer } from '../../src/egress/resolver-server.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../support/dated-certificates.ts'
import { name } from '../support/fake-ports.ts'
import { type Behaviour, startNameServer, type ZoneTable } from '../support/name-server.ts'
import { startHttpsNameServer, startTlsNameServer } from '../support/secure-name-server.ts'

const TRUE = '192.0.2.1'
const FORGED = '192.0.2.66'
const both = (more: Behaviour = {}) => ({ A: { addresses: [FORGED], ...more }, AAAA: { addresses: ['2001:db8::66'], ...more } })

let authority: TestAuthority
let sound: Certificate
let misnamed: Certificate
let expired: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  sound = await authority.vouchFor(['DNS:dns.test', 'IP:127.0.0.1'])
  misnamed = await authority.vouchFor(['DNS:other.test'])
  expired = await authority.vouchFor(['DNS:dns.test'], 'expired')
})
afterAll(() => authority.remove())

function server(text: string): ResolverServer {
  const parsed = parseResolverServer(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

const resolverOver = (...servers: readonly string[]) =>
  createResolver(servers.map(server), { ca: [authority.ca], hostsPath: '/nonexistent' })
const inTime = () => AbortSignal.timeout(12_000)

async function overUdp(zone: ZoneTable, kind: 'udp' | 'tcp' = 'udp'): Promise<string> {
  const started = await startNameServer({ zone })
  onTestFinished(() => started.close())
  return `${kind}://127.0.0.1:${started.port}`
}

/** Says this and nothing else to whoever connects. */
async function sayingOnly(bytes: Buffer): Promise<string> {
  const listener = net.createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(bytes))
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void listener.close())
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `tcp://127.0.0.1:${address.port}`
}

const https = async (does: (stream: import('node:http2').ServerHttp2Stream) => void) =>
  `https://127.0.0.1:${(await startHttpsNameServer({ zone: {}, certificate: sound, instead: { '/q': does } })).port}/q#dns.test`

const faults: readonly (readonly [string, () => Promise<string>, string])[] = [
  ['silent', () => overUdp({ 'a.test': { silent: true } }), 'resolve.timeout'],
  ['slower than anybody waits', () => overUdp({ 'a.test': both({ delayMs: 30_000 }) }), 'resolve.timeout'],
  ['garbage', () => overUdp({ 'a.test': { garbage: true } }), 'resolve.failed'],
  ['SERVFAIL', () => overUdp({ 'a.test': { rcode: 'SERVFAIL' } }), 'resolve.failed'],
  ['another id', () => overUdp({ 'a.test': both({ lie: 'id' }) }), 'resolve.failed'],
  ['another question', () => overUdp({ 'a.test': both({ lie: 'question' }) }), 'resolve.failed'],
  ['another port', () => overUdp({ 'a.test': both({ lie: 'source' }) }), 'resolve.timeout'],
  ['records of another name', () => overUdp({ 'a.test': both({ lie: 'records' }) }), 'resolve.not-found'],
  ['half a header', () => overUdp({ 'a.test': both({ lie: 'header' }) }), 'resolve.failed'],
  ['aliases in a circle', () => overUdp({ 'a.test': { CNAME: 'b.test' }, 'b.test': { CNAME: 'a.test' } }), 'resolve.failed'],
  ['truncated, and silent over TCP', () => overUdp({ 'a.test': [{ truncated: true }, { silent: true }] }), 'resolve.timeout'],
  ['garbage over TCP', () => overUdp({ 'a.test': { garbage: true } }, 'tcp'), 'resolve.failed'],
  ['silent over TCP', () => overUdp({ 'a.test': { silent: true } }, 'tcp'), 'resolve.timeout'],
  ['a length over TCP and then one byte', () => sayingOnly(Buffer.from('ffff00', 'hex')), 'resolve.timeout'],
  ['64 KiB of zeros over TCP', () => sayingOnly(Buffer.concat([Buffer.from('ffff', 'hex'), Buffer.alloc(0xffff)])), 'resolve.failed'],
  [
    'TLS for another name',
    async () => `tls://127.0.0.1:${(await startTlsNameServer({ zone: { 'a.test': both() }, certificate: misnamed })).port}#dns.test`,
    'resolve.failed',
  ],
  [
    'TLS with a certificate of 2020',
    async () => `tls://127.0.0.1:${(await startTlsNameServer({ zone: { 'a.test': both() }, certificate: expired })).port}#dns.test`,
    'resolve.failed',
  ],
  ['TLS to a server in clear', async () => (await sayingOnly(Buffer.from('0003c0ffee', 'hex'))).replace('tcp:', 'tls:'), 'resolve.failed'],
  [
    'HTTP status 500',
    () =>
      https((stream) => {
        stream.respond({ ':status': 500, 'content-type': 'application/dns-message' })
        stream.end()
      }),
    'resolve.failed',
  ],
  [
    'HTML',
    () =>
      https((stream) => {
        stream.respond({ ':status': 200, 'content-type': 'text/html' })
        stream.end('<title>Welcome</title>')
      }),
    'resolve.failed',
  ],
  ['silent over HTTPS', () => https(() => undefined), 'resolve.timeout'],
]

describe.concurrent('fault by fault', () => {
  test.each(faults)('%s: no answer, and none that is wrong', async (_what, start, code) => {
    const resolver = resolverOver(await start())
    const startedAt = performance.now()
    await expect(resolver.resolve(name('a.test'), inTime())).rejects.toMatchObject({ code })
    expect(performance.now() - startedAt).toBeLessThan(12_000)
  })
})

test('a server that answers is found behind three that do not, within the time for all', async () => {
  const silent = await overUdp({ 'a.test': { silent: true } })
  const garbage = await overUdp({ 'a.test': { garbage: true } })
  const good = await overUdp({ 'a.test': { A: [TRUE] } })
  const startedAt = performance.now()
  expect(await resolverOver(silent, garbage, 'udp://127.0.0.1:1', good).resolve(name('a.test'), inTime())).toEqual([TRUE])
  expect(performance.now() - startedAt).toBeLessThan(8_500)
})

test('a hundred slow names hold up neither a fast one nor the disk', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ringfence-disk-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const slow = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`slow${i}.test`, { silent: true }] as const))
  const resolver = resolverOver(await overUdp({ ...slow, 'fast.test': { A: [TRUE] } }))
  const pending = Object.keys(slow).map((of) => resolver.resolve(name(of), inTime()).catch((error: { code: string }) => error.code))
  let worst = 0
  for (let i = 0; i < 40; i++) {
    const startedAt = performance.now()
    expect(await resolver.resolve(name('fast.test'), inTime())).toEqual([TRUE])
    await writeFile(path.join(folder, String(i)), 'x')
    worst = Math.max(worst, performance.now() - startedAt)
  }
  expect(worst).toBeLessThan(1_000)
  expect(new Set(await Promise.all(pending))).toEqual(new Set(['resolve.timeout']))
})

test('a server that dies under a question is told at once, and asked again when it is back', async () => {
  const first = await startNameServer({ zone: { 'a.test': { silent: true } } })
  const resolver = resolverOver(`udp://127.0.0.1:${first.port}`)
  const asked = resolver.resolve(name('a.test'), inTime())
  asked.catch(() => undefined)
  await expect.poll(() => first.queries()).toBe(2)
  await first.close()
  // The question is sent again, and the kernel says that nobody is there.
  await expect(asked).rejects.toMatchObject({ code: 'resolve.failed', message: expect.stringContaining('could not be reached') as unknown })
  const second = await startNameServer({ zone: { 'a.test': { A: [TRUE] } }, port: first.port })
  onTestFinished(() => second.close())
  expect(await resolver.resolve(name('a.test'), inTime())).toEqual([TRUE])
})

const program = `
import { createResolver } from './src/egress/resolver.ts'
import { parseResolverServer } from './src/egress/resolver-server.ts'
const [server, ca] = process.argv.slice(1)
const resolver = createResolver([parseResolverServer(server)], { ca: [ca] })
console.log(String(await resolver.resolve('a.test', AbortSignal.timeout(5000))))
console.log = () => {}
const since = performance.now()
process.on('exit', () => process.stdout.write(String(performance.now() - since < 1500)))
`

test.each(['udp', 'tcp', 'tls', 'https'])('a connection that is kept (%s) keeps no process', async (kind) => {
  // Nor does the family that is still waited for.
  const zone = { 'a.test': { A: [TRUE], AAAA: { silent: true } } } as const
  const port =
    kind === 'tls'
      ? (await startTlsNameServer({ zone, certificate: sound })).port
      : kind === 'https'
        ? (await startHttpsNameServer({ zone, certificate: sound })).port
        : Number((await overUdp(zone)).split(':').at(-1))
  const node = ['--import', './test/support/load-typescript.mjs', '--input-type=module', '-e', program]
  const where = `${kind}://127.0.0.1:${port}${kind === 'https' ? '/q' : ''}`
  const { stdout } = await promisify(execFile)(process.execPath, [...node, where, authority.ca], { timeout: 15_000 })
  expect(stdout).toBe(`${TRUE}\ntrue`)
})
