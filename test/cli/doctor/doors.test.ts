import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { doors } from '../../../src/cli/doctor/doors.ts'
import { holdFolder } from '../../../src/records/folder-lock.ts'
import { ip } from '../../policy/words.ts'
import { healthy, patient, said, states } from './patient.ts'

async function taken(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Another process that has a port; it says which one. */
async function stranger(): Promise<{ readonly port: number; readonly pid: number }> {
  const program = "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port))"
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void child.kill())
  const port = await new Promise<string>((resolve) => child.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString())))
  return { port: Number(port), pid: child.pid ?? 0 }
}

const nodeAt = (port: number) => patient(healthy.replace(':0"', `:${port}"`))

test('a free door is well, and nothing is made on the way', async () => {
  const one = await patient()
  expect(states(await doors(one))).toEqual(['ok'])
  expect(existsSync(one.settings.records.folder)).toBe(false)
})

test('a port that another program has is told with its name', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells which')
  const { port, pid } = await stranger()
  const one = await nodeAt(port)
  expect(said(await doors(one))).toMatch(
    new RegExp(
      `^door "mixed" at 127\\.0\\.0\\.1:${port} is in use by [^ ]+ \\(pid ${pid}\\) → stop it, or take another port under "listen"$`,
    ),
  )
  expect(existsSync(one.settings.records.folder)).toBe(false)
})

test('the port of a proxy is well where the proxy has these records, and not where it has others', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells which')
  const port = await taken()
  const [one, other] = [await nodeAt(port), await nodeAt(port)]
  const lock = await holdFolder(one.settings.records.folder)
  onTestFinished(() => lock.release())
  expect(said(await doors(one))).toBe(`door "mixed" at 127.0.0.1:${port} is in use by the running proxy (pid ${process.pid})`)
  await mkdir(other.settings.records.folder)
  expect(said(await doors(other))).toContain(`is in use by another Ringfence (pid ${process.pid}), of other settings → stop it`)
})

test('a records folder whose path is too long for a socket is told all the same', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells which')
  const port = await taken()
  const one = await patient(healthy.replace(':0"', `:${port}"`).replace('flows', 'f'.repeat(100)))
  expect(states(await doors(one))).toEqual(['fail'])
  const lock = await holdFolder(one.settings.records.folder)
  onTestFinished(() => lock.release())
  expect(said(await doors(one))).toContain('is in use by the running proxy')
})

test('an address that this machine does not have is told', async () => {
  const plain = await patient()
  const settings = {
    ...plain.settings,
    inbounds: [{ ...plain.settings.inbounds[0], listen: { host: ip('192.0.2.1'), port: 8080 } }] as const,
  }
  const [finding] = await doors({ ...plain, settings })
  expect(finding).toMatchObject({ state: 'fail', says: 'door "mixed" at 192.0.2.1:8080 is not an address of this machine' })
})

test('a low port that this user may not have is told', async (context) => {
  const start = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '0')
  if (process.getuid?.() !== 0 || Number(start) < 1_000)
    return context.skip('only root can be somebody else, and only where low ports are kept')
  const one = await nodeAt(999)
  process.seteuid?.(65_534)
  try {
    expect(said(await doors(one))).toBe(
      'door "mixed" at 127.0.0.1:999 needs a right that this user does not have → a port from 1024 on under "listen", or the capability CAP_NET_BIND_SERVICE for Ringfence',
    )
  } finally {
    process.seteuid?.(0)
  }
})
