/** Programs that reach the door over TLS: curl, OpenSSL's own client, Chromium; with and without certificates of theirs. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DoorTls } from '../../src/inbound/tls.ts'
import { issueForDoor, makeAuthority } from '../support/certificates.ts'
import { chromium, chromiumEnv, chromiumFlags } from '../support/chromium.ts'
import { loginOf } from '../support/made-up-login.ts'
import { echo, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { openProxy } from '../support/proxy-under-test.ts'

const AMERICA = '170.114.1.1'
const authority = makeAuthority()
const people = makeAuthority('/CN=people')
const door = issueForDoor(authority)
const anna = people.issue('/CN=anna/OU=office')

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-tls-door-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const kept = (name: string, text: string): string => {
  const file = path.join(folder, name)
  fs.writeFileSync(file, text)
  return file
}
const ca = kept('ca.pem', authority.certificate)
const shows = { certificate: kept('anna.pem', anna.certificate), key: kept('anna.key', anna.key) }

const run = (command: string, args: readonly string[], { input = '', milliseconds = 15_000, env = {} } = {}) =>
  new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    const options = { timeout: milliseconds, encoding: 'utf8' as const, env: { PATH: process.env.PATH ?? '', ...env } }
    const child = execFile(command, [...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
    child.stdin?.end(input)
  })

const site = async (options: Parameters<typeof openProxy>[0] = {}) => {
  const origin = await startHttpOrigin(() => ok('served'))
  const proxy = await openProxy({
    names: { 'page.example': [AMERICA] },
    routes: { [AMERICA]: origin.port },
    tls: new DoorTls({ ...door, clients: null }, false),
    ...options,
  })
  return { origin, proxy, at: `https://localhost:${proxy.port}` }
}

test('curl fetches and tunnels, and trusts no other certificate', async () => {
  const { at } = await site()
  const trusting = ['--silent', '--show-error', '--max-time', '10', '--proxy', at, '--proxy-cacert', ca]
  expect(await run('curl', [...trusting, 'http://page.example/'])).toMatchObject({ status: 0, stdout: 'served' })
  expect(await run('curl', [...trusting, '--proxytunnel', 'http://page.example/'])).toMatchObject({ status: 0, stdout: 'served' })
  expect(await run('curl', [...trusting, '--head', 'http://page.example/'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('200'),
  })
  expect(await run('curl', ['--silent', '--max-time', '10', '--proxy', at, 'http://page.example/'])).toMatchObject({ status: 60 })
})

test('curl uploads more than any buffer, and no faster than the origin takes it', async () => {
  const { origin, at } = await site()
  const body = 'x'.repeat(3_000_000)
  const args = [
    '--silent',
    '--show-error',
    '--proxy',
    at,
    '--proxy-cacert',
    ca,
    '--header',
    'Expect:',
    '--data-binary',
    '@-',
    'http://page.example/',
  ]
  expect(await run('curl', args, { input: body })).toMatchObject({ status: 0, stdout: 'served' })
  expect(origin.bodies[0]?.length).toBe(body.length)
})

test('curl with a certificate is who that says, without a password; without one it is asked for it', async () => {
  const { proxy, at } = await site({
    tls: new DoorTls({ ...door, clients: people.certificate }, false),
    login: loginOf({ bob: 'one' }),
  })
  const args = ['--silent', '--show-error', '--max-time', '10', '--proxy', at, '--proxy-cacert', ca, 'http://page.example/']
  const own = ['--proxy-cert', shows.certificate, '--proxy-key', shows.key]
  expect(await run('curl', [...own, ...args])).toMatchObject({ status: 0, stdout: 'served' })
  expect(await run('curl', ['--proxy-user', 'bob:one', ...args])).toMatchObject({ status: 0, stdout: 'served' })
  expect((await run('curl', ['--include', ...args])).stdout).toMatch(/^HTTP\/1\.1 407 /)
  expect(proxy.offers.map(({ flow: { who } }) => [who.name, who.groups, who.by])).toEqual([
    ['anna', ['office'], 'certificate'],
    ['bob', ['staff'], 'password'],
  ])
})

test.each(['-tls1_2', '-tls1_3'])('OpenSSL tunnels by %s, speaking HTTP/1.1', async (version) => {
  const origin = await startOrigin(echo)
  const { proxy } = await site({ routes: { [AMERICA]: origin.port } })
  const args = ['s_client', '-connect', `localhost:${proxy.port}`, '-CAfile', ca, '-alpn', 'h2,http/1.1', '-verify_return_error', version]
  // It ends with its input, and with it the tunnel: the echo comes before that, or not at all.
  const tunnel = `(printf 'CONNECT ${AMERICA}:443 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nping'; sleep 1) | openssl ${args.join(' ')}`
  const { stdout } = await run('bash', ['-c', tunnel])
  expect(stdout).toContain('ALPN protocol: http/1.1')
  expect(stdout).toContain('HTTP/1.1 200 Connection established\r\n\r\nping')
})

test('OpenSSL by TLS 1.1 is turned away', async () => {
  const { proxy } = await site()
  const args = ['s_client', '-connect', `localhost:${proxy.port}`, '-CAfile', ca, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0']
  const { status, stderr } = await run('openssl', args)
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/protocol version|no protocols available/)
})

test('Chromium shows a page', { timeout: 60_000 }, async (context) => {
  if (chromium === undefined) return context.skip('chromium is not installed')
  const { proxy, at } = await site()
  const home = fs.mkdtempSync(path.join(folder, 'chromium-'))
  const options = [
    ...chromiumFlags(home),
    '--ignore-certificate-errors',
    `--proxy-server=${at}`,
    '--timeout=20000',
    '--dump-dom',
    'http://page.example/',
  ]
  const env = chromiumEnv(home)
  const { stdout } = await run(chromium, options, { milliseconds: 50_000, env })
  expect(stdout).toContain('served')
  expect(proxy.offers.length).toBeGreaterThan(0)
})
