/**
 * Random answers of an origin through Ringfence to a client that asks twice on one connection. Whatever the client takes
 * for a whole answer must be the one that the origin gave to that request, whole, and read in the same way by a stranger.
 * `FUZZ_SECONDS` sets the time, `FUZZ_SEED` repeats a run.
 */
import { once } from 'node:events'
import net from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { eventually, openProxy } from '../support/proxy-under-test.ts'
import { Peer } from '../support/socket-pair.ts'
import { type DoubtfulAnswer, doubtfulAnswers } from './doubtful-answers.ts'
import { readAnswerByNode } from './node-reader.ts'
import { type Message, type Reading, readResponse, valuesOf } from './strict-reader.ts'

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 10)
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31))

interface Question {
  readonly method: string
  readonly version: string
  readonly answer: DoubtfulAnswer
}

/** What a client has received when its connection is over. */
interface Received {
  readonly text: string
  /** By a FIN: what has no length is whole. */
  readonly ended: boolean
}

const question = (versions: readonly string[]): fc.Arbitrary<Question> =>
  fc.record({ method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'), version: fc.constantFrom(...versions), answer: doubtfulAnswers })

const questions = fc.tuple(question(['HTTP/1.1']), question(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']))

test('whatever a client takes for whole is what the origin said', { timeout: SECONDS * 1_000 + 60_000 }, async () => {
  const origin = await scriptedOrigin()
  const proxy = await openProxy({ names: { 'a.test': ['170.114.1.1'] }, routes: { '170.114.1.1': origin.port }, idleMs: 1_000 })
  const outcomes = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(questions, async (both) => {
      origin.answers(both.map(({ answer }) => answer))
      const received = await ask(proxy.port, both)
      await eventually('every flow to be over', () => proxy.open === 0)
      for (const outcome of await judge(both, received)) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }),
    { seed: SEED, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1_000, includeErrorInReport: true },
  )
  process.stdout.write(`answers: FUZZ_SEED=${SEED}, ${[...outcomes].map(([what, count]) => `${count} × ${what}`).join(', ')}\n`)
  expect(outcomes.get('whole') ?? 0).toBeGreaterThan(0)
  expect(proxy.failed).toEqual([])
})

test('the judge knows what no client may receive', async () => {
  const said = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const ask = (text: string): readonly Question[] => [{ method: 'GET', version: 'HTTP/1.1', answer: { parts: [text], ends: 'closes' } }]
  expect(await judge(ask(said), { text: said, ended: true })).toEqual(['whole'])
  expect(await judge(ask(said), { text: said.slice(0, -1), ended: true })).toEqual(['short'])
  for (const wrong of [
    said.replace('ok', 'ko'),
    said.replace('200', '201'),
    said.replace('OK', 'OK\r\nX: y'),
    said.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n'),
    said.replace('2\r', '1\r').slice(0, -1),
    `${said}x`,
    said.replace('\r\n\r\n', '\n\n'),
  ])
    await expect(judge(ask(said), { text: wrong, ended: true }), wrong).rejects.toThrow()
  await expect(judge(ask(said.slice(0, -1)), { text: said, ended: true }), 'more than was said').rejects.toThrow()
})

/** What became of each answer. Throws where the client was deceived. */
async function judge(asked: readonly Question[], { text, ended }: Received): Promise<readonly string[]> {
  const outcomes: string[] = []
  let at = 0
  for (const { method, answer } of asked) {
    const meant = finalOf(answer.parts.join(''), 0, method, answer.ends === 'closes', 'tolerant').reading
    const got = finalOf(text, at, method, ended, 'strict')
    if (got.reading.kind === 'nonsense') throw new Error(`no answer: ${got.reading.why}: ${JSON.stringify(text.slice(at))}`)
    if (got.reading.kind === 'more') return [...outcomes, 'short']
    const { message, end } = got.reading
    if (valuesOf(message.fields, 'proxy-status').some((status) => status.startsWith('ringfence;'))) {
      expect(message.start).toMatch(/^HTTP\/1\.1 50[24] /)
      outcomes.push('refused')
    } else {
      if (meant.kind !== 'message') throw new Error(`a whole answer that nobody gave: ${JSON.stringify([meant, message])}`)
      same(message, meant.message)
      // What the client has is what the stranger reads, to the end of this answer.
      const read = await readAnswerByNode(text.slice(at, end), method)
      expect(read, 'what node reads').toEqual({ status: Number(message.start.split(' ')[1]), body: message.body })
      outcomes.push('whole')
    }
    at = end
    if (valuesOf(message.fields, 'connection').includes('close')) break
  }
  expect(text.slice(at), 'bytes behind the answers').toBe('')
  return outcomes
}

/** The first answer that is not an interim one. */
function finalOf(text: string, from: number, method: string, ended: boolean, manner: 'strict' | 'tolerant'): { readonly reading: Reading } {
  for (let at = from; ; ) {
    const reading = readResponse(text, at, method, ended, manner)
    if (reading.kind !== 'message' || !/^HTTP\/1\.[0-9] 1/.test(reading.message.start)) return { reading }
    at = reading.end
  }
}

/** Ours says the same, and nothing that the origin did not say. */
function same(ours: Message, theirs: Message): void {
  const status = (start: string) => start.split(' ')[1]
  expect(status(ours.start)).toBe(status(theirs.start))
  expect(ours.body).toBe(theirs.body)
  const said = theirs.fields.map(([name, value]) => `${name}: ${name.toLowerCase() === 'content-length' ? Number(value) : value}`)
  const added = /^(date|via|connection|transfer-encoding|upgrade)$/i
  for (const [name, value] of ours.fields) {
    if (added.test(name) || (status(ours.start) === '205' && /^content-length$/i.test(name))) continue
    expect(said).toContain(`${name}: ${value}`)
  }
}

/** Sends the requests, one glued to the other, and reads until all are answered or the connection is over. */
async function ask(port: number, asked: readonly Question[]): Promise<Received> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
  await once(socket, 'connect')
  const peer = new Peer(socket)
  peer.send(asked.map(({ method, version }) => `${method} http://a.test/ ${version}\r\nHost: a.test\r\n\r\n`).join(''))
  await peer.until('every answer', () => peer.ended || peer.closed || isAnswered(peer.text, asked))
  socket.destroy()
  return { text: peer.text, ended: peer.ended && peer.errno === null }
}

function isAnswered(text: string, asked: readonly Question[]): boolean {
  let at = 0
  return asked.every(({ method }) => {
    const { reading } = finalOf(text, at, method, false, 'strict')
    if (reading.kind === 'message') at = reading.end
    return reading.kind === 'message'
  })
}

interface ScriptedOrigin {
  readonly port: number
  /** What the next connections get, in their order. */
  answers(next: readonly DoubtfulAnswer[]): void
}

async function scriptedOrigin(): Promise<ScriptedOrigin> {
  let answers: readonly DoubtfulAnswer[] = []
  let count = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    const answer = answers[count++]
    socket.once('data', () => {
      if (answer === undefined) return socket.destroy()
      for (const part of answer.parts) socket.write(Buffer.from(part, 'latin1'))
      if (answer.ends === 'closes') return socket.end()
      socket.write('', () => socket.resetAndDestroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    answers(next) {
      answers = next
      count = 0
    },
  }
}
