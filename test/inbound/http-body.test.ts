import { expect, test } from 'vitest'
import { passBody } from '../../src/inbound/http-body.ts'
import type { Framing } from '../../src/wire/http1-framing.ts'
import { never, streamPair } from '../support/socket-pair.ts'

const faults = { malformed: 'relay.malformed-response', truncated: 'relay.truncated', broken: 'relay.reset' } as const

async function passing(framing: Framing) {
  const { near, far } = await streamPair()
  const sent: string[] = []
  let consumed = 0
  const send = async (data: Uint8Array) => void sent.push(Buffer.from(data).toString('latin1'))
  const start = (signal = never) =>
    passBody(near, framing, send, faults, signal, (bytes) => {
      consumed += bytes
    })
  return { near, far, start, text: () => sent.join(''), consumed: () => consumed }
}

test('a body with a length passes, and what follows it stays unread', async () => {
  const { near, far, start, text, consumed } = await passing({ kind: 'length', length: 5 })
  const passed = start()
  await far.drip('hellonext')
  expect(await passed).toEqual([])
  await near.grown(3, never)
  expect([text(), consumed(), Buffer.from(near.held).toString()]).toEqual(['hello', 5, 'next'])
})

test('chunks lose their framing, trailers are returned', async () => {
  const { far, start, text, consumed } = await passing({ kind: 'chunked' })
  const passed = start()
  const body = '5\r\nhello\r\n1\r\n!\r\n0\r\nX: 1\r\n\r\n'
  await far.drip(body)
  expect(await passed).toEqual([{ name: 'X', value: '1' }])
  expect([text(), consumed()]).toEqual(['hello!', body.length])
})

test('a body until close is complete when the peer ends, not when it resets', async () => {
  const clean = await passing({ kind: 'until-close' })
  const whole = clean.start()
  clean.far.send('all')
  clean.far.end()
  expect(await whole).toEqual([])
  expect(clean.text()).toBe('all')
  const broken = await passing({ kind: 'until-close' })
  const half = broken.start()
  broken.far.socket.write('hal', () => broken.far.reset())
  await expect(half).rejects.toMatchObject({ code: 'relay.reset' })
})

test('while what came waits for a slow taker, nothing more is read', async () => {
  const { near, far } = await streamPair()
  const body = Buffer.alloc(8 * 1024 * 1024)
  far.send(body)
  await near.grown(64 * 1024 - 1, never)
  const sent: number[] = []
  let takes: () => void = () => undefined
  const taken = new Promise<void>((resolve) => {
    takes = resolve
  })
  const send = async ({ length }: Uint8Array) => {
    sent.push(length)
    await taken
  }
  const passed = passBody(near, { kind: 'length', length: body.length }, send, faults, never)
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  expect(sent).toEqual([near.held.length])
  takes()
  await passed
  expect(sent.reduce((sum, length) => sum + length, 0)).toBe(body.length)
})

test('no body is over at once', async () => {
  const { start } = await passing({ kind: 'none' })
  expect(await start()).toEqual([])
})

test('a truncated body, a malformed one, and the end of patience are told apart', async () => {
  const short = await passing({ kind: 'length', length: 5 })
  short.far.send('hel')
  short.far.end()
  await expect(short.start()).rejects.toMatchObject({ code: 'relay.truncated' })
  const bad = await passing({ kind: 'chunked' })
  bad.far.send('nonsense')
  await expect(bad.start()).rejects.toMatchObject({
    code: 'relay.malformed-response',
    message: expect.stringContaining('the body is not valid'),
  })
  const slow = await passing({ kind: 'length', length: 5 })
  await expect(slow.start(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('no more is read than the other side takes', async () => {
  const { near, far } = await streamPair()
  let taken = 0
  let go = () => {}
  const first = new Promise<void>((resolve) => {
    go = resolve
  })
  const passed = passBody(
    near,
    { kind: 'length', length: 20_000_000 },
    async (data) => {
      taken += data.length
      await first
    },
    faults,
    never,
  )
  far.send(Buffer.alloc(20_000_000))
  let before = -1
  let still = 0
  while (still < 20) {
    still = taken + near.held.length === before ? still + 1 : 0
    before = taken + near.held.length
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(before).toBeLessThan(1024 * 1024)
  go()
  await passed
  expect(taken).toBe(20_000_000)
})
