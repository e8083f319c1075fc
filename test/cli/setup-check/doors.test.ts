import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { doors } from '../../../src/cli/setup-check/doors.ts'
import { DoorTls } from '../../../src/inbound/tls.ts'
import { issueForDoor, makeAuthority } from '../../support/certificates.ts'
import { freePort } from '../../support/listening-program.ts'
import { loginOf } from '../../support/made-up-login.ts'
import { openProxy } from '../../support/proxy-under-test.ts'
import { doorAt, serverSaying, worldWith } from './made-up.ts'

test('Ringfence is known by what it says of itself, and nothing is dialled', async () => {
  const proxy = await openProxy()
  const findings = await doors(worldWith({ doors: [doorAt(proxy.port)] }))
  expect(findings).toEqual([{ state: 'ok', says: `door 127.0.0.1:${proxy.port}: Ringfence answers over HTTP and SOCKS5` }])
  expect(proxy.dialer.tried).toEqual([])
  expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['block', 'block'])
})

test('one that asks for a login is known as well', async () => {
  const proxy = await openProxy({ login: loginOf({}) })
  const [finding] = await doors(worldWith({ doors: [doorAt(proxy.port, true)] }))
  expect(finding?.says).toMatch(/Ringfence answers over HTTP and SOCKS5, and asks for a name and a password$/)
})

test.each([
  ['another proxy', 'HTTP/1.1 200 Connection established\r\n\r\n', /is not Ringfence$/],
  ['another that refuses', 'HTTP/1.1 403 Forbidden\r\nProxy-Status: squid\r\n\r\n', /is not Ringfence$/],
  [
    'one that speaks HTTP only',
    'HTTP/1.1 403 Forbidden\r\nProxy-Status: ringfence; error=destination_ip_prohibited\r\n\r\n',
    /answers over HTTP, but not over SOCKS5$/,
  ],
  ['what hangs up', '', /is not Ringfence \(it says nothing\)$/],
])('%s is no door', async (_, answer, says) => {
  const [finding] = await doors(worldWith({ doors: [doorAt(await serverSaying(answer))] }))
  expect(finding).toMatchObject({ state: 'fail', says: expect.stringMatching(says) })
})

test('where nothing listens, it says how to start it', async () => {
  const [finding] = await doors(worldWith({ doors: [doorAt(await freePort())] }))
  expect(finding).toMatchObject({
    state: 'fail',
    says: expect.stringContaining('nothing listens there'),
    mend: expect.stringContaining('ringfence run'),
  })
})

describe('a door that speaks TLS', () => {
  const authority = makeAuthority()
  const secure = async (clients: string | null, certificate = issueForDoor(authority)) => {
    const proxy = await openProxy({ tls: new DoorTls({ ...certificate, clients }, clients !== null) })
    return { proxy, door: { ...doorAt(proxy.port), secure: true } }
  }

  test('is known in TLS, and a certificate that nobody trusts is to look at', async () => {
    const { proxy, door } = await secure(null)
    const [finding] = await doors(worldWith({ doors: [door] }))
    expect(finding).toMatchObject({
      state: 'warn',
      says: expect.stringMatching(/Ringfence answers over HTTP and SOCKS5 in TLS; its certificate is not one that programs trust/),
    })
    expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['block', 'block'])
  })

  test.each([
    ['is good with a certificate that programs trust', 'IP:127.0.0.1', { state: 'ok', says: expect.stringMatching(/in TLS$/) }],
    ['is to look at where the certificate is for another name', 'DNS:proxy.example', { state: 'warn' }],
  ])('%s', async (_, name, wanted) => {
    const { door } = await secure(null, authority.issue('/CN=door', ['basicConstraints=critical,CA:FALSE', `subjectAltName=${name}`]))
    expect(await findingsBy(authority.certificate, door)).toMatchObject([wanted])
  })

  test('may ask for a certificate of the client, which the check has none of', async () => {
    const { proxy, door } = await secure(authority.certificate)
    const [finding] = await doors(worldWith({ doors: [door] }))
    expect(finding).toMatchObject({
      state: 'fail',
      says: expect.stringMatching(/is not Ringfence, or asks for a certificate of the client$/),
    })
    expect(proxy.offers).toEqual([])
  })

  test('is not what speaks in clear, nor the other way round', async () => {
    const clear = await openProxy()
    const [asTls] = await doors(worldWith({ doors: [{ ...doorAt(clear.port), secure: true }] }))
    expect(asTls).toMatchObject({ state: 'fail', says: expect.stringContaining('speaks no TLS') })
    const { proxy } = await secure(null)
    const [inClear] = await doors(worldWith({ doors: [doorAt(proxy.port)] }))
    expect(inClear).toMatchObject({ state: 'fail', says: expect.stringContaining('is not Ringfence (it says nothing)') })
  })
})

/** As a process finds them that trusts this authority from its start on: Node takes no other one later. */
async function findingsBy(ca: string, door: ReturnType<typeof doorAt>): Promise<unknown> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ringfence-trust-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = path.join(folder, 'ca.pem')
  await writeFile(file, ca)
  const of = (relative: string) => JSON.stringify(new URL(relative, import.meta.url).href)
  const script = `
    const { doors } = await import(${of('../../../src/cli/setup-check/doors.ts')})
    const world = { parameters: { command: 'ringfence' }, doors: [${JSON.stringify(door)}], env: {}, probes: [] }
    console.log(JSON.stringify(await doors(world)))
    process.exit()`
  const loader = new URL('../../support/load-typescript.mjs', import.meta.url).href
  const args = ['--import', loader, '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
    timeout: 15_000,
  })
  return JSON.parse(stdout)
}
