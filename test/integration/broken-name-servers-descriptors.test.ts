/** Look-ups of a process that has no descriptor left: refused with their own code, never a crash, and served again by themselves. */
import { execFile } from 'node:child_process'
import net from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Certificate, makeAuthority, type TestAuthority } from '../support/dated-certificates.ts'
import { startNameServer } from '../support/name-server.ts'
import { echo, startOrigin } from '../support/origin-server.ts'
import { buildProgram, startProgram } from '../support/program.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { startHttpsNameServer, startTlsNameServer } from '../support/secure-name-server.ts'

let authority: TestAuthority
let certificate: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  certificate = await authority.vouchFor(['IP:127.0.0.1'])
})
afterAll(() => authority.remove())

/** Prints what a look-up says while every descriptor is taken, twice, and when they are given back. */
const program = `
import fs from 'node:fs'
import { createResolver } from './src/egress/resolver.ts'
import { parseResolverServer } from './src/egress/resolver-server.ts'
import { systemServers } from './src/egress/resolver/system-servers.ts'
const [server, ca, port] = process.argv.slice(1)
const overrides = { ca: [ca], hostsPath: '/etc/hosts', systemServers: () => systemServers() && ["127.0.0.1:" + port] }
const resolver = createResolver([parseResolverServer(server)], overrides)
const said = []
const ask = async (name) => {
  const answer = await resolver.resolve(name, AbortSignal.timeout(8000)).catch((error) => error.code + ': ' + error.message)
  said.push(String(answer))
}
const taken = []
try {
  for (;;) taken.push(fs.openSync('/dev/null', 'r'))
} catch (error) {
  if (error.code !== 'EMFILE') throw error
}
await ask('a.test')
await ask('a.test')
let list
try {
  list = systemServers()
} catch (error) {
  list = error.code
}
for (const descriptor of taken) fs.closeSync(descriptor)
// The hosts file is looked at once a second.
for (const until = Date.now() + 3000; Date.now() < until && !/^[0-9]/.test(said.at(-1)); ) {
  await new Promise((resolve) => setTimeout(resolve, 50))
  await ask('a.test')
}
console.log(JSON.stringify([said[0], said[1], said.at(-1), list]))
`

const zone = { 'a.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } } as const
const NONE_LEFT = 'no file descriptor is left to this process: see ulimit -n'

async function portOf(kind: string): Promise<number> {
  if (kind === 'tls') return (await startTlsNameServer({ zone, certificate })).port
  if (kind === 'https') return (await startHttpsNameServer({ zone, certificate })).port
  const server = await startNameServer({ zone })
  onTestFinished(() => server.close())
  return server.port
}

test.each(['udp', 'tcp', 'tls', 'https', 'system'])('%s', async (kind) => {
  const port = await portOf(kind)
  const where = kind === 'system' ? kind : `${kind}://127.0.0.1:${port}${kind === 'https' ? '/q' : ''}`
  const node = ['--import', './test/support/load-typescript.mjs', '--input-type=module', '-e', program, where, authority.ca, String(port)]
  const shell = ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, ...node]
  const { stdout, stderr } = await promisify(execFile)('bash', shell, { timeout: 15_000 })
  const [first, second, last, list] = JSON.parse(stdout) as readonly string[]
  const label = kind === 'system' ? "this machine's resolver" : where
  const why = kind === 'system' ? `the hosts file cannot be read, ${NONE_LEFT}` : NONE_LEFT
  expect([first, second]).toEqual(Array(2).fill(`limit.descriptors: no usable answer for a.test from ${label} (${why})`))
  expect(last?.split(',').sort()).toEqual(['192.0.2.1', '2001:db8::1'])
  // c-ares alone would name 127.0.0.1.
  expect(list).toBe('EMFILE')
  expect(stderr).toBe('')
})

describe('the program, with 128 descriptors and more tunnels than those allow', () => {
  beforeAll(buildProgram, 120_000)

  /** The status that the client is told, or how its connection ended. */
  const connect = (proxy: number, host: string, port: number) =>
    new Promise<string>((resolve) => {
      const socket = net.connect(proxy, '127.0.0.1', () => socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: x\r\n\r\n`))
      onTestFinished(() => void socket.destroy())
      socket.on('data', (data) => resolve(String(data).slice(9, 12)))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.on('close', () => resolve('closed'))
    })

  test('refuses names that it cannot look up with 503, never dials without a look-up, and recovers', async () => {
    const origin = await startOrigin(echo)
    const server = await startNameServer({ zone: (name) => (name.endsWith('.test') ? { A: ['127.0.0.1'] } : undefined) })
    onTestFinished(() => server.close())
    const program = await startProgram({
      descriptors: 128,
      settings: `limits: { connections: 1000 }\nresolver: { servers: ["udp://127.0.0.1:${server.port}"] }`,
    })
    const told = await Promise.all(Array.from({ length: 200 }, (_, i) => connect(program.port, `n${i}.test`, origin.port)))
    // libuv takes those that there is no descriptor for and closes them at once: by a FIN where nothing has come yet.
    expect(new Set(told)).toEqual(new Set(['200', '503', 'ECONNRESET', 'closed'].filter((each) => told.includes(each))))
    expect(told).toContain('503')
    expect(program.ended).toBeNull()
    const events = await program.events()
    const reasons = events.flatMap((event) => (event.type === 'decided' && event.verdict === 'block' ? event.reasons : []))
    expect(reasons).toContainEqual(expect.objectContaining({ code: 'limit.descriptors' }))
    expect(origin.connections).toHaveLength(told.filter((each) => each === '200').length)
    for (const { socket } of origin.connections) socket.destroy()
    const again: string[] = []
    await eventually('a tunnel', () => {
      void connect(program.port, 'again.test', origin.port).then((each) => again.push(each))
      return again.includes('200')
    })
  })
})
