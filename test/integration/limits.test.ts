/** The whole program where something runs out, and where it is told to stop: fault runs F4, F8, F9 and F11. */
import net from 'node:net'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { echo, startOrigin } from '../support/origin-server.ts'
import { buildProgram, type Program, startProgram } from '../support/program.ts'
import { eventually } from '../support/proxy-under-test.ts'

beforeAll(buildProgram, 120_000)

interface Tunnel {
  readonly socket: net.Socket
  heard: string
  /** How it ended, or `null`. */
  over: string | null
}

/** Asks for a tunnel; it resolves when there is an answer, or none will come. */
function tunnel(proxy: number, target: number): Promise<Tunnel> {
  const socket = net.connect(proxy, '127.0.0.1')
  const state: Tunnel = { socket, heard: '', over: null }
  onTestFinished(() => void socket.destroy())
  return new Promise((resolve) => {
    socket.on('connect', () => socket.write(`CONNECT 127.0.0.1:${target} HTTP/1.1\r\nHost: x\r\n\r\nhello`))
    socket.on('data', (data) => {
      state.heard += String(data)
      if (/hello$|^HTTP\/1\.1 [45][\s\S]*\r\n\r\n/.test(state.heard)) resolve(state)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      state.over ??= error.code ?? error.message
    })
    socket.on('close', () => {
      state.over ??= 'closed'
      resolve(state)
    })
  })
}

/** So many at once, in small crowds. */
async function tunnels(proxy: number, target: number, count: number): Promise<readonly Tunnel[]> {
  const all: Tunnel[] = []
  while (all.length < count) {
    const crowd = Math.min(100, count - all.length)
    all.push(...(await Promise.all(Array.from({ length: crowd }, () => tunnel(proxy, target)))))
  }
  return all
}

const isUp = ({ heard, over }: Tunnel) => heard.startsWith('HTTP/1.1 200') && over === null

async function worksAgain(proxy: number, target: number, milliseconds: number): Promise<void> {
  const startedAt = performance.now()
  for (;;) {
    const one = await tunnel(proxy, target)
    const up = isUp(one)
    one.socket.destroy()
    if (up) return
    if (performance.now() - startedAt > milliseconds) throw new Error(`no tunnel within ${milliseconds} ms: ${one.over}, ${one.heard}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const recorded = async (program: Program) => {
  const events = await program.events()
  const ids = (type: 'decided' | 'ended') => events.flatMap((event) => (event.type === type ? [event.id] : []))
  return { decided: ids('decided'), ended: ids('ended'), events }
}

describe('with 128 descriptors and 200 clients (F4)', () => {
  test('the program serves as many as it can, turns the others away, rests, and recovers', async () => {
    const origin = await startOrigin(echo)
    const program = await startProgram({ descriptors: 128 })
    const all = await tunnels(program.port, origin.port, 200)
    const up = all.filter(isUp)
    expect(up).toHaveLength(32)
    const away = all.filter((each) => !isUp(each))
    expect(away.filter(({ heard, over }) => !heard.startsWith('HTTP/1.1 503 ') && over !== 'ECONNRESET')).toEqual([])
    expect(away.filter(({ heard }) => heard !== '').length).toBeGreaterThan(0)
    const before = program.cpu()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(program.cpu() - before).toBeLessThan(0.3)
    expect(program.log.match(/"msg":"connections turned away: [^"]*"/g)).toEqual([
      '"msg":"connections turned away: 1 of all doors, limits.connections being 32"',
    ])
    for (const { socket } of all) socket.destroy()
    await worksAgain(program.port, origin.port, 2_000)
    await eventually('the origin to be reached by what was granted, and by nothing else', () => origin.connections.length === 33)
    const { decided } = await recorded(program)
    expect(decided).toHaveLength(33)
    expect(program.ended).toBeNull()
  })

  test('a dial without a descriptor is refused with its code, and recorded', async () => {
    const origin = await startOrigin(echo)
    const program = await startProgram({ descriptors: 128, settings: 'limits: { connections: 1000 }' })
    expect(program.log).toContain('limits.connections is 1000, and 128 descriptors (ulimit -n) are enough for 32')
    const all = await tunnels(program.port, origin.port, 200)
    expect(all.filter(({ heard }) => heard.includes('503 Service Unavailable')).length).toBeGreaterThan(0)
    for (const { socket } of all) socket.destroy()
    await worksAgain(program.port, origin.port, 2_000)
    const { events } = await recorded(program)
    expect(events.filter((event) => event.type === 'ended' && event.code === 'limit.descriptors').length).toBeGreaterThan(0)
    expect(program.ended).toBeNull()
  })
})

test('with more clients than a small heap has room for, new ones are turned away, it holds, and its memory comes back (F8)', async () => {
  const origin = await startOrigin(echo)
  const program = await startProgram({ nodeFlags: ['--max-old-space-size=96'] })
  const atRest = program.resident()
  const isFull = () => program.log.includes('for want of memory')
  const all: Tunnel[] = []
  while (!isFull() && all.length < 6_000) all.push(...(await tunnels(program.port, origin.port, 100)))
  expect(isFull()).toBe(true)
  expect(all.some(({ heard }) => /^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: /.test(heard))).toBe(true)
  const slow = Array.from({ length: 500 }, () => {
    const socket = net.connect(program.port, '127.0.0.1', () => socket.write(`GET http://a/ HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`))
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    return socket
  })
  expect(program.ended).toBeNull()
  // Those that are in go on.
  const first = all.find(isUp)
  first?.socket.write('again')
  await eventually('an echo', () => first?.heard.endsWith('again') === true)
  for (const socket of [...slow, ...all.map((each) => each.socket)]) socket.destroy()
  await worksAgain(program.port, origin.port, 15_000)
  await eventually('its memory to come back', () => program.resident() < atRest * 1.2, 60_000)
  expect(program.ended).toBeNull()
}, 180_000)

describe('told to stop under load (F9)', () => {
  test('the program accepts nothing more, lets flows end in their time, and closes every record', async () => {
    const origin = await startOrigin(echo)
    const program = await startProgram()
    const all = await tunnels(program.port, origin.port, 50)
    program.signal('SIGTERM')
    await eventually('the door to be closed', () => program.log.includes('stopping'))
    expect((await tunnel(program.port, origin.port)).over).toBe('ECONNREFUSED')
    const [first] = all
    first?.socket.write('still here')
    await eventually('an echo', () => first?.heard.endsWith('still here') === true)
    for (const { socket } of all) socket.end()
    await eventually('the program to end', () => program.ended !== null, 4_000)
    expect(program.ended).toBe('code 0')
    const { decided, ended } = await recorded(program)
    expect(decided).toHaveLength(50)
    expect([...ended].sort()).toEqual([...decided].sort())
  })

  test('a second signal ends a thousand open tunnels within a second, each with its record', async () => {
    const origin = await startOrigin(echo)
    const program = await startProgram()
    const all = await tunnels(program.port, origin.port, 1_000)
    expect(all.every(isUp)).toBe(true)
    program.signal('SIGTERM')
    await eventually('the first signal to be heard', () => program.log.includes('"msg":"stopping: '))
    // Sooner, it would be the same wish said twice.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const before = program.cpu()
    program.signal('SIGTERM')
    let used = before
    await eventually('the program to end', () => {
      used = Math.max(used, program.cpu())
      return program.ended !== null
    })
    // Of its own time: on an idle machine that is how long it takes.
    expect(used - before).toBeLessThan(1)
    expect(program.ended).toBe('code 0')
    await eventually('the clients to know', () => all.every(({ over }) => over === 'ECONNRESET'))
    const { decided, ended, events } = await recorded(program)
    expect(decided).toHaveLength(1_000)
    expect([...ended].sort()).toEqual([...decided].sort())
    expect(new Set(events.flatMap((event) => (event.type === 'ended' ? [event.ending] : [])))).toEqual(new Set(['shutdown']))
  }, 40_000)
})

/** Resolves when a start has nothing more to do: it still takes some tenths of a second of CPU once it listens. */
async function rests(program: Program): Promise<void> {
  for (let used = -1; program.cpu() - used > 0.05; await new Promise((resolve) => setTimeout(resolve, 1_500))) used = program.cpu()
}

test('stopped for ten seconds, the program goes on with its tunnels, makes up for nothing, and loses no record (F11)', async () => {
  const origin = await startOrigin(echo)
  const program = await startProgram({ settings: 'limits: { head_seconds: 2, idle_minutes: 1 }' })
  const all = [...(await tunnels(program.port, origin.port, 20))]
  await rests(program)
  program.signal('SIGSTOP')
  const waiting = tunnel(program.port, origin.port)
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  const before = program.cpu()
  program.signal('SIGCONT')
  all.push(await waiting)
  expect(all.every(isUp)).toBe(true)
  for (const { socket } of all) socket.write('still here')
  await eventually('all echoes', () => all.every(({ heard }) => heard.endsWith('still here')))
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(program.cpu() - before).toBeLessThan(0.5)
  expect(all.every(isUp)).toBe(true)
  for (const { socket } of all) socket.end()
  await eventually('all tunnels to be over', () => all.every(({ over }) => over === 'closed'))
  program.signal('SIGTERM')
  await eventually('the program to end', () => program.ended === 'code 0')
  const { decided, ended } = await recorded(program)
  expect(decided).toHaveLength(21)
  expect([...ended].sort()).toEqual([...decided].sort())
}, 60_000)
