import { expect, test } from 'vitest'
import { createDirect } from '../../src/egress/direct.ts'
import { type Answer, type GetSettings, httpGet } from '../../src/egress/http-get.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import { realClock } from '../support/fake-clock.ts'
import { name, pinned } from '../support/fake-ports.ts'
import { type Answering, endless, misbehave, sayRaw, serveFile } from '../support/misbehaving-server.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { never } from '../support/socket-pair.ts'

async function exchange(answering: Answering, settings: Partial<GetSettings> = {}, stop: AbortSignal = never) {
  const server = await misbehave(answering)
  const upstream = await createDirect()(pinned('127.0.0.1', server.port), never)
  const meter = { up: 0, down: 0 }
  let onAnswer: (answer: Answer) => void = () => undefined
  const answered = new Promise<Answer>((resolve) => {
    onAnswer = resolve
  })
  const request = {
    url: new URL('http://updates.test/a/b?c=d#e'),
    host: { kind: 'name', name: name('updates.test') } as const,
    headers: { 'x-own': 'yes' },
  }
  const over = httpGet(
    upstream,
    request,
    meter,
    { clock: realClock, headMs: 2_000, idleMs: 2_000, ca: null, ...settings },
    stop,
    (answer) => onAnswer(answer),
  )
  over.catch(() => undefined)
  return { server, meter, answered, over }
}

async function lengthOf({ body }: Answer): Promise<number> {
  let bytes = 0
  for await (const chunk of body) bytes += chunk.length
  return bytes
}

test('one request goes out, and the exchange is over when the body was read', async () => {
  const { server, answered, over, meter } = await exchange(serveFile(Buffer.alloc(5_000, 1)))
  expect(await lengthOf(await answered)).toBe(5_000)
  await over
  expect(server.asked).toMatchObject([{ path: '/a/b?c=d', fields: { host: 'updates.test', 'x-own': 'yes', connection: 'close' } }])
  expect(meter.down).toBeGreaterThan(5_000)
  await eventually('the connection closed', () => server.open === 0)
})

test('fields that are repeated are joined; interim answers are passed over', async () => {
  const { answered, over } = await exchange(
    sayRaw(
      'HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Two: a\r\nX-Two: b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n',
    ),
  )
  const { status, headers, body } = await answered
  expect(status).toBe(200)
  expect(headers).toEqual({ 'x-two': 'a, b', 'set-cookie': 'a, b', 'content-length': '0' })
  for await (const chunk of body) throw new Error(`unwanted: ${chunk}`)
  await over
})

test('a body of chunks is taken apart, and one without its last chunk is cut short', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n'
  const whole = await exchange(sayRaw(`${chunked}0\r\n\r\n`))
  expect(await lengthOf(await whole.answered)).toBe(5)
  await whole.over

  const cut = await exchange(sayRaw(chunked))
  await expect(lengthOf(await cut.answered)).rejects.toMatchObject({ code: 'relay.truncated' })
  await expect(cut.over).rejects.toMatchObject({ code: 'relay.truncated' })
})

test('a body that is longer than announced is no valid HTTP', async () => {
  const { answered, over } = await exchange(serveFile(Buffer.from('0123456789'), { length: 4 }))
  await expect(lengthOf(await answered)).rejects.toMatchObject({ code: 'relay.malformed-response' })
  await expect(over).rejects.toMatchObject({ code: 'relay.malformed-response' })
})

test('what is dropped ends the exchange without an error', async () => {
  const { answered, over, server } = await exchange(endless)
  const { drop } = await answered
  drop()
  await over
  await eventually('the connection closed', () => server.open === 0)
})

test('its signal ends it with its reason, even before it begins', async () => {
  const reason = new RingfenceError('policy.cut', 'no longer')
  const early = await exchange(endless, {}, AbortSignal.abort(reason))
  await expect(early.over).rejects.toBe(reason)
  expect(early.meter.up).toBe(0)

  const stop = new AbortController()
  const late = await exchange(endless, {}, stop.signal)
  const answer = await late.answered
  stop.abort(reason)
  await expect(lengthOf(answer)).rejects.toBe(reason)
  await expect(late.over).rejects.toBe(reason)
})

test('a body that nobody reads is given up', async () => {
  const { answered, over, server } = await exchange(endless, { idleMs: 60 })
  await answered
  await expect(over).rejects.toMatchObject({ code: 'relay.idle' })
  await eventually('the connection closed', () => server.open === 0)
})
