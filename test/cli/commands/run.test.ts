import { spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { FlowRecord } from '../../../src/records/record.ts'
import { readRecords } from '../../../src/records/store.ts'
import { freePort } from '../../support/listening-program.ts'
import { folderWith, world } from '../screen.ts'
import { type Process, spawned } from '../spawned.ts'

// A start may have to build first.
vi.setConfig({ testTimeout: 60_000 })

const soon = { timeout: 30_000, interval: 20 }

interface Running extends Process {
  readonly port: number
  readonly cwd: string
}

async function running(...args: readonly string[]): Promise<Running> {
  const cwd = folderWith(world)
  const started = spawned([...args, '--listen', '127.0.0.1:0'], { cwd })
  await expect.poll(started.out, soon).toContain('listening on')
  return { ...started, cwd, port: Number(/listening on 127\.0\.0\.1:(\d+)/.exec(started.out())?.[1]) }
}

async function origin(serve: http.RequestListener): Promise<string> {
  const server = http.createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`
}

function get(port: number, url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', path: url, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve(`${response.statusCode} ${body}`))
      })
      .on('error', reject)
  })
}

/** A tunnel through the proxy that neither end uses. */
async function idleTunnel(port: number): Promise<net.Socket> {
  const target = await origin(() => {})
  const client = net.connect(port, '127.0.0.1')
  onTestFinished(() => void client.destroy())
  client.on('error', () => {})
  client.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)
  const answer = await new Promise((resolve) => client.once('data', resolve))
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
  return client
}

const messages = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg)

async function recordsIn(cwd: string): Promise<readonly FlowRecord[]> {
  const records: FlowRecord[] = []
  for await (const record of readRecords(path.join(cwd, 'flows'))) records.push(record)
  return records
}

test('the banner goes to stderr, the log to stdout as JSON; SIGTERM ends it with 0', async () => {
  const { child, port, cwd, ended } = await running()
  const target = await origin((_, response) => void response.end('hello'))
  expect(await get(port, `http://${target}/`)).toBe('200 hello')
  child.kill('SIGTERM')
  const { code, out, err } = await ended
  expect(code).toBe(0)
  expect(err).toMatch(/^\nRingfence \S+ listens on 127\.0\.0\.1:\d+ /)
  expect(err).toContain(`curl -x http://127.0.0.1:${port} http://example.com/`)
  expect(err).toContain(path.join(cwd, 'flows'))
  expect(messages(out)).toEqual([
    `listening on 127.0.0.1:${port}`,
    expect.stringMatching(/^Allowed: 127\.0\.0\.1 .*local/),
    expect.stringMatching(/^stopping: /),
    expect.stringMatching(/^1 flow: 1 allowed, 0 refused/),
  ])
  expect(await recordsIn(cwd)).toMatchObject([{ verdict: 'allow', ending: 'completed' }])
})

test.each([
  ['the default command', []],
  ['run', ['run']],
])('%s takes the options: a pack, a mode', async (_, command) => {
  const { child, ended, err } = await running(...command, '--policy', 'no-cn', '--mode', 'observe')
  expect(err()).toContain('  policy    no-cn: judges by 1 fence and records; no fence blocks\n')
  child.kill('SIGINT')
  expect((await ended).code).toBe(0)
})

test('after a signal open connections have a grace; a second signal ends them at once, each with its record', async () => {
  const { child, port, cwd, ended, out } = await running()
  await idleTunnel(port)
  child.kill('SIGTERM')
  await expect.poll(out, soon).toContain('stopping: ')
  // Too soon, the second would count as the first, said twice.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(child.exitCode).toBeNull()
  const second = performance.now()
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
  expect(performance.now() - second).toBeLessThan(3_000)
  expect(messages(out()).slice(-2)).toEqual([
    expect.stringMatching(/^stopping at once: |^Ended: /),
    expect.stringMatching(/^1 flow: 1 allowed, 0 refused/),
  ])
  expect(await recordsIn(cwd)).toMatchObject([{ verdict: 'allow', ending: 'shutdown' }])
})

test('a signal that arrives twice at once is one: flows keep their grace', async () => {
  const { child, port, cwd, ended } = await running()
  const client = await idleTunnel(port)
  child.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 50))
  child.kill('SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(child.exitCode).toBeNull()
  client.destroy()
  expect((await ended).code).toBe(0)
  expect(await recordsIn(cwd)).toMatchObject([{ ending: expect.stringMatching(/client-gone|completed|shutdown/) }])
})

test('where nobody reads the log any more, the proxy goes on', async () => {
  const { child, port, ended, err } = await running()
  const target = await origin((_, response) => void response.end('hello'))
  child.stdout.destroy()
  for (let i = 0; i < 3; i++) expect(await get(port, `http://${target}/${i}`)).toBe('200 hello')
  expect(child.exitCode).toBeNull()
  child.kill('SIGTERM')
  expect((await ended).code).toBe(0)
  expect(err()).not.toContain('EPIPE')
})

test('where the log cannot be written any more, the proxy goes on, and says so once', async (context) => {
  if (!fs.existsSync('/dev/full')) return context.skip('there is no /dev/full')
  const cwd = folderWith(world)
  const port = await freePort()
  const start = path.join(import.meta.dirname, '..', '..', '..', 'src', 'start.mjs')
  const full = fs.openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [start, '--listen', `127.0.0.1:${port}`], { cwd, stdio: ['ignore', full, 'pipe'] })
  fs.closeSync(full)
  onTestFinished(() => void child.kill('SIGKILL'))
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  await expect.poll(() => err, soon).toContain('the log could not be written')
  const target = await origin((_, response) => void response.end('hello'))
  for (let i = 0; i < 3; i++) expect(await get(port, `http://${target}/${i}`)).toBe('200 hello')
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(err.match(/^ringfence: .*$/gm)).toEqual([
    'ringfence: the log could not be written: no space left on device; it is silent from now on, the proxy goes on',
  ])
})
