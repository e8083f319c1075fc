import { expect, onTestFinished, test } from 'vitest'
import { createFetch, type FetchSettings } from '../../src/egress/fetch.ts'
import type { FetchRequest, FetchResponse } from '../../src/geoip/download.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { Route } from '../support/fake-ports.ts'
import {
  type Answering,
  answerStatus,
  certificate,
  endless,
  type MisbehavingServer,
  misbehave,
  redirectTo,
  sayNothing,
  sayRaw,
  serveFile,
} from '../support/misbehaving-server.ts'
import { eventually, expectOneEndingEach, type FakeRoad, notToChina, policyText, roadOf, type World } from '../support/proxy-under-test.ts'
import { never } from '../support/socket-pair.ts'

const names = {
  'updates.test': ['127.0.0.1'],
  'mirror.test': ['127.0.0.2'],
  'china.test': ['52.81.151.250'],
  'silent.test': ['203.0.113.9'],
}

interface Client extends FakeRoad {
  fetch(url: string, request?: Partial<FetchRequest>, signal?: AbortSignal): Promise<FetchResponse>
}

/** What connects to an address reaches the server of `routes`; afterwards every flow has its one ending and there was no bug. */
function client(routes: Readonly<Record<string, Route>>, settings: Partial<FetchSettings> = {}, world: World = {}): Client {
  const fake = roadOf({ names, routes, policy: policyText('enforce', notToChina), ...world })
  const fetch = createFetch(fake.road, { headMs: 2_000, idleMs: 2_000, ...settings })
  onTestFinished(() => {
    expect(fake.bugs).toEqual([])
    expectOneEndingEach(fake.writer)
  })
  return { ...fake, fetch: (url, request, signal = never) => fetch({ url: new URL(url), ...request }, signal) }
}

async function serve(
  answers: Answering | readonly Answering[],
  settings: Partial<FetchSettings> = {},
  transport: 'clear' | 'tls' = 'clear',
) {
  const server = await misbehave(answers, transport)
  return { server, ...client({ '127.0.0.1': server.port }, settings) }
}

async function textOf({ body }: FetchResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function failureOf(attempt: Promise<unknown>): Promise<RingfenceError> {
  const thrown = await attempt.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof RingfenceError)) throw new Error(`wanted a RingfenceError, got ${thrown}`)
  return thrown
}

const fileOf = (text: string) => serveFile(Buffer.from(text))

test('a fetch is a flow of its own: judged, dialled where it was judged, recorded with its bytes', async () => {
  const { server, fetch, writer, dialer } = await serve(fileOf('the data'))
  const response = await fetch('http://updates.test/file')
  expect(response.status).toBe(200)
  expect(response.headers['content-length']).toBe('8')
  expect(await textOf(response)).toBe('the data')
  expect(dialer.tried).toEqual(['127.0.0.1:80'])
  expect(writer.decided).toMatchObject([
    { inbound: 'update', network: 'tcp', port: 80, verdict: 'allow', personal: { asked: 'updates.test' } },
  ])
  const [ended] = writer.ended
  expect(ended).toMatchObject({ ending: 'completed', code: null, dialled: '127.0.0.1' })
  expect(ended?.up).toBeGreaterThan(50)
  expect(ended?.down).toBeGreaterThan(8)
  expect(server.asked).toMatchObject([
    { path: '/file', fields: { host: 'updates.test', connection: 'close', 'accept-encoding': 'identity' } },
  ])
})

test('the port of the URL is the port that is judged and dialled', async () => {
  const { fetch, dialer, writer } = await serve(fileOf('x'))
  await textOf(await fetch('http://updates.test:8080/'))
  expect(dialer.tried).toEqual(['127.0.0.1:8080'])
  expect(writer.decided[0]?.port).toBe(8080)
})

test('a resumed fetch asks for the rest, if the file is still the same', async () => {
  const { server, fetch } = await serve(serveFile(Buffer.from('0123456789'), { etag: '"v1"' }))
  const response = await fetch('http://updates.test/', { from: { offset: 4, validator: '"v1"' } })
  expect(response.status).toBe(206)
  expect(response.headers['content-range']).toBe('bytes 4-9/10')
  expect(await textOf(response)).toBe('456789')
  expect(server.asked[0]?.fields).toMatchObject({ range: 'bytes=4-', 'if-range': '"v1"' })
})

test('https is verified against the trusted roots, for the name that was asked for', async () => {
  const { fetch, dialer, writer } = await serve(fileOf('secret data'), { ca: [certificate.cert] }, 'tls')
  expect(await textOf(await fetch('https://updates.test/file'))).toBe('secret data')
  expect(dialer.tried).toEqual(['127.0.0.1:443'])
  // Counted on the wire: a TLS handshake is larger than the file.
  expect(writer.ended[0]?.down).toBeGreaterThan(500)
})

test('a self-signed certificate is refused, and nothing is sent', async () => {
  const { server, fetch, writer } = await serve(fileOf('x'), {}, 'tls')
  const error = await failureOf(fetch('https://updates.test/?token=hush', { headers: { authorization: 'hush' } }))
  expect(error).toMatchObject({ code: 'dial.failed', message: 'no secure connection to updates.test: its certificate is self-signed' })
  expect(writer.ended).toMatchObject([{ ending: 'failed', code: 'dial.failed' }])
  expect(server.asked).toEqual([])
})

test('a certificate for another name is refused', async () => {
  const server = await misbehave(fileOf('x'), 'tls')
  const { fetch } = client({ '127.0.0.2': server.port }, { ca: [certificate.cert] })
  const error = await failureOf(fetch('https://mirror.test/'))
  expect(error.message).toBe('no secure connection to mirror.test: its certificate is for another host')
  expect(server.asked).toEqual([])
})

test('what the policy forbids is refused with its sentence, recorded as blocked, and never dialled', async () => {
  const { fetch, dialer, writer } = client({})
  const error = await failureOf(fetch('https://china.test/data?key=hush'))
  expect(error.code).toBe('policy.blocked')
  expect(error.message).toContain('nothing-to-china')
  expect(dialer.tried).toEqual([])
  expect(writer.decided).toMatchObject([{ verdict: 'block', inbound: 'update', personal: { asked: 'china.test' } }])
})

test('each redirect is a flow of its own', async () => {
  const mirror = await misbehave(fileOf('from the mirror'))
  const origin = await misbehave(redirectTo('http://mirror.test/signed?signature=hush'))
  const { fetch, writer } = client({ '127.0.0.1': origin.port, '127.0.0.2': mirror.port })
  expect(await textOf(await fetch('http://updates.test/'))).toBe('from the mirror')
  expect(writer.decided.map(({ personal }) => personal.asked)).toEqual(['updates.test', 'mirror.test'])
  expect(writer.ended.map(({ ending }) => ending)).toEqual(['completed', 'completed'])
  expect(mirror.asked[0]?.path).toBe('/signed?signature=hush')
  expect(JSON.stringify(writer.events)).not.toContain('hush')
})

test('a redirect to a forbidden place is judged anew: refused, and recorded as a blocked flow', async () => {
  const { fetch, writer, dialer } = await serve(redirectTo('http://china.test/data'))
  const error = await failureOf(fetch('http://updates.test/'))
  expect(error.code).toBe('policy.blocked')
  expect(dialer.tried).toEqual(['127.0.0.1:80'])
  expect(writer.decided.map(({ verdict, personal }) => `${personal.asked} ${verdict}`)).toEqual(['updates.test allow', 'china.test block'])
})

test("the caller's headers go to the host that it named and not beyond, not even on the way back", async () => {
  const answers = [redirectTo('http://mirror.test/'), fileOf('done')]
  const origin = await misbehave(answers)
  const mirror = await misbehave(redirectTo('http://updates.test/again'))
  const { fetch } = client({ '127.0.0.1': origin.port, '127.0.0.2': mirror.port })
  const headers = { Authorization: 'Bearer hush', 'X-Key': 'hush' }
  expect(await textOf(await fetch('http://updates.test/', { headers }))).toBe('done')
  expect(origin.asked[0]?.fields).toMatchObject({ authorization: 'Bearer hush', 'x-key': 'hush' })
  expect(mirror.asked[0]?.fields).not.toHaveProperty('authorization')
  expect(mirror.asked[0]?.fields).not.toHaveProperty('x-key')
  expect(origin.asked[1]?.fields).not.toHaveProperty('authorization')
})

test('a redirect within the same origin keeps them', async () => {
  const { server, fetch } = await serve([redirectTo('/elsewhere', 307), fileOf('done')])
  expect(await textOf(await fetch('http://updates.test/', { headers: { authorization: 'Bearer hush' } }))).toBe('done')
  expect(server.asked.map(({ path, fields }) => `${path} ${fields.authorization}`)).toEqual(['/ Bearer hush', '/elsewhere Bearer hush'])
})

test('a redirect loop ends after five', async () => {
  const { server, fetch } = await serve(redirectTo('/again'))
  const error = await failureOf(fetch('http://updates.test/'))
  expect(error.message).toBe('updates.test redirects more than 5 times')
  expect(server.asked).toHaveLength(6)
})

test.each([
  ['from https to http', 'http://mirror.test/?key=hush', 'updates.test redirects from https to http at mirror.test: not followed'],
  ['into the local network', 'https://192.168.1.1/', 'updates.test redirects to 192.168.1.1 in the local network: not followed'],
  ['to another protocol', 'ftp://mirror.test/', 'ftp: is not fetched, only http: and https:'],
  ['with a password', 'https://user:hush@mirror.test/', 'the URL of mirror.test holds a password: keys belong into a header'],
  ['to no URL', 'https://[', 'updates.test redirects to what is no URL'],
])('a redirect %s is not followed', async (_how, location, message) => {
  const { server, fetch, writer } = await serve(redirectTo(location), { ca: [certificate.cert] }, 'tls')
  const error = await failureOf(fetch('https://updates.test/'))
  expect(error.message).toBe(message)
  expect(server.asked).toHaveLength(1)
  expect(writer.decided).toHaveLength(1)
})

test.each(['ftp://updates.test/', 'file:///etc/passwd', 'http://user:hush@updates.test/'])('%s is not fetched', async (url) => {
  const { fetch, writer } = client({})
  const error = await failureOf(fetch(url))
  expect(error.code).toBe('client.malformed')
  expect(error.message).not.toContain('hush')
  expect(writer.events).toEqual([])
})

test.each<[string, Answering, string, string]>([
  ['garbage instead of HTTP', sayRaw('SSH-2.0-OpenSSH_9.6\r\n'), 'relay.malformed-response', 'updates.test sent no valid HTTP'],
  ['nothing but an end', sayRaw(''), 'relay.truncated', 'updates.test closed the connection before its answer was complete'],
  [
    'half a head',
    sayRaw('HTTP/1.1 200 OK\r\nContent-'),
    'relay.truncated',
    'updates.test closed the connection before its answer was complete',
  ],
  [
    'a head without end',
    sayRaw(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
    'relay.malformed-response',
    'updates.test sent no valid HTTP',
  ],
  [
    'another protocol',
    sayRaw('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    'relay.malformed-response',
    'updates.test switched protocols without being asked',
  ],
])('%s is an accident with a code', async (_what, answer, code, message) => {
  const { fetch, writer } = await serve(answer)
  expect(await failureOf(fetch('http://updates.test/'))).toMatchObject({ code, message })
  expect(writer.ended).toMatchObject([{ ending: 'failed', code }])
})

test('garbage instead of TLS is an accident with a code', async () => {
  const server = await misbehave(sayNothing)
  const { fetch } = client({ '127.0.0.1': server.port }, { headMs: 60 })
  // It waits for the end of a request head, which a ClientHello does not have.
  expect(await failureOf(fetch('https://updates.test/'))).toMatchObject({ code: 'relay.idle' })
})

test.each<['end' | 'reset', string, string]>([
  ['end', 'relay.truncated', 'failed'],
  ['reset', 'relay.reset', 'reset'],
])('a body that is cut short by a %s throws where it breaks off', async (cutBy, code, ending) => {
  const { fetch, writer } = await serve(serveFile(Buffer.alloc(10_000, 7), { cutAfter: 4_000, cutBy }))
  const response = await fetch('http://updates.test/')
  let received = 0
  const reading = (async () => {
    for await (const chunk of response.body) received += chunk.length
  })()
  expect((await failureOf(reading)).code).toBe(code)
  expect(received).toBe(4_000)
  expect(writer.ended).toMatchObject([{ ending, code }])
})

test('a body without a length that ends in a reset does not look complete', async () => {
  const { fetch } = await serve(serveFile(Buffer.alloc(10_000, 7), { length: null, cutAfter: 4_000, cutBy: 'reset' }))
  expect((await failureOf(textOf(await fetch('http://updates.test/')))).code).toBe('relay.reset')
})

test('a body without a length that ends in an end is complete', async () => {
  const { fetch } = await serve(serveFile(Buffer.from('all of it'), { length: null }))
  expect(await textOf(await fetch('http://updates.test/'))).toBe('all of it')
})

test.each(['end', 'reset'] as const)('a body in TLS that is cut short by a %s throws', async (cutBy) => {
  const server = await misbehave(serveFile(Buffer.alloc(100_000, 7), { cutAfter: 40_000, cutBy }), 'tls')
  const { fetch } = client({ '127.0.0.1': server.port }, { ca: [certificate.cert] })
  expect((await failureOf(textOf(await fetch('https://updates.test/')))).code).toMatch(/^relay\.(truncated|reset)$/)
})

test('a server that does not answer is given up after its time', async () => {
  const { fetch, writer, server } = await serve(sayNothing, { headMs: 60 })
  expect(await failureOf(fetch('http://updates.test/'))).toMatchObject({
    code: 'relay.idle',
    message: 'updates.test did not answer within 0.06 s',
  })
  expect(writer.ended).toMatchObject([{ ending: 'idle' }])
  await eventually('the connection closed', () => server.open === 0)
})

test('a body that drips and then stalls is given up when nothing has moved for too long', async () => {
  const { fetch, writer, server } = await serve(serveFile(Buffer.alloc(1_000, 7), { stallAfter: 40, piece: 1 }), { idleMs: 80 })
  const error = await failureOf(textOf(await fetch('http://updates.test/')))
  expect(error).toMatchObject({ code: 'relay.idle', message: 'updates.test sent nothing for 0.08 s' })
  expect(writer.ended).toMatchObject([{ ending: 'idle' }])
  await eventually('the connection closed', () => server.open === 0)
})

test('once there is an answer, its time is no limit for the body', async () => {
  const { fetch } = await serve(serveFile(Buffer.alloc(1_000, 7), { stallAfter: 40 }), { headMs: 100, idleMs: 200 })
  expect((await failureOf(textOf(await fetch('http://updates.test/')))).message).toBe('updates.test sent nothing for 0.2 s')
})

test('whoever has read the body to its end finds the record complete', async () => {
  const { fetch, writer, server } = await serve(fileOf('the data'))
  const response = await fetch('http://updates.test/')
  const release = writer.hold()
  let read = false
  const reading = textOf(response).then(() => {
    read = true
  })
  await eventually('the connection closed', () => server.open === 0)
  expect(read).toBe(false)
  release()
  await reading
  expect(writer.ended).toHaveLength(1)
})

test('the caller can stop at any time: before the answer, and in the body', async () => {
  const { fetch, writer, server } = await serve([sayNothing, endless])
  const early = new AbortController()
  const waiting = failureOf(fetch('http://updates.test/', {}, early.signal))
  await eventually('the request', () => server.asked.length === 1)
  early.abort(new RingfenceError('run.shutdown', 'stopping'))
  expect((await waiting).code).toBe('run.shutdown')

  const late = new AbortController()
  const response = await fetch('http://updates.test/', {}, late.signal)
  const reading = failureOf(textOf(response))
  late.abort()
  expect((await reading).code).toBe('client.gone')
  expect(writer.ended.map(({ ending }) => ending)).toEqual(['shutdown', 'client-gone'])
  await eventually('the connections closed', () => server.open === 0)
})

test('a deadline of the caller for the whole transfer holds', async () => {
  const { fetch } = await serve(endless)
  const response = await fetch('http://updates.test/', {}, AbortSignal.timeout(60))
  expect(await failureOf(textOf(response))).toMatchObject({
    code: 'relay.idle',
    message: 'the time was over while fetching from updates.test',
  })
})

test('a body that is not wanted closes the connection; so does one of which enough was read', async () => {
  const { fetch, writer, server } = await serve(endless)
  await (await fetch('http://updates.test/')).close()
  expect(writer.ended).toMatchObject([{ ending: 'completed' }])
  for await (const _chunk of (await fetch('http://updates.test/')).body) break
  expect(writer.ended[1]).toMatchObject({ ending: 'client-gone', code: 'client.gone' })
  await eventually('the connections closed', () => server.open === 0)
})

test('a name that does not exist and a server that refuses are accidents of the road', async () => {
  const { fetch } = client({ '127.0.0.1': 'refuses' })
  expect((await failureOf(fetch('http://nowhere.test/'))).code).toBe('resolve.not-found')
  expect((await failureOf(fetch('http://updates.test/'))).code).toBe('dial.refused')
})

test('a status is a value: what it means is for the caller to say', async () => {
  const { fetch } = await serve(answerStatus(503, { 'retry-after': '7' }, 'busy'))
  const response = await fetch('http://updates.test/')
  expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
  await response.close()
})

test('a header that cannot be sent is a fault of ours, and shows nothing of it', async () => {
  const server: MisbehavingServer = await misbehave(fileOf('x'))
  const fake = roadOf({ names, routes: { '127.0.0.1': server.port } })
  const fetch = createFetch(fake.road)
  const error = await failureOf(fetch({ url: new URL('http://updates.test/'), headers: { authorization: 'hush\n' } }, never))
  expect(error.code).toBe('bug.unexpected')
  expect(error.message).not.toContain('hush')
  expect(fake.bugs).toHaveLength(1)
})
