import { expect, onTestFinished, test, vi } from 'vitest'
import { kindOfNonsense, Mistake, Mistakes, type ToldMistake } from '../../src/inbound/mistakes.ts'
import { ip } from '../support/fake-ports.ts'

const by = (last: number) => ({ host: ip(`10.0.0.${last}`), port: 4_000 })

function mistakes() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const told: ToldMistake[] = []
  return { told, all: new Mistakes('office', (each) => told.push(each)) }
}

test('the first of each kind is told at once with what to do, the others together, a minute later, however many clients there are', () => {
  const { told, all } = mistakes()
  for (let i = 1; i <= 200; i++) {
    all.add('no-header', by(i), 'the load balancer sent no PROXY header')
    all.add('request', by(i), 'HTTP: no method')
  }
  expect(told.map(({ sentence }) => sentence)).toEqual([
    'door office, client 10.0.0.1: the load balancer sent no PROXY header; let it send one (HAProxy: send-proxy-v2), or take its address out of "proxy_protocol.from"',
    'door office, client 10.0.0.1: HTTP: no method',
  ])
  vi.advanceTimersByTime(60_000)
  expect(told.slice(2)).toMatchObject([
    {
      kind: 'no-header',
      count: 199,
      client: by(200),
      sentence: expect.stringMatching(/^door office, 199 times more, the last time client 10\.0\.0\.200: /),
    },
    { kind: 'request', count: 199 },
  ])
  vi.advanceTimersByTime(600_000)
  expect(told).toHaveLength(4)
})

test('the client’s own text stays out of the log: it may be a password', () => {
  const { told, all } = mistakes()
  all.add('request', by(1), 'HTTP: "anna:a "good" secret@site" is not a request target')
  expect(told[0]?.sentence).toBe('door office, client 10.0.0.1: HTTP: "…" is not a request target')
})

test('what comes instead of a request is known by how it begins', () => {
  const kind = (bytes: Uint8Array) => kindOfNonsense(bytes)?.kind
  expect(kind(Uint8Array.of(22, 3, 1, 2, 0))).toBe('to-clear')
  expect(kind(Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n'))).toBe('stray-header')
  expect(kind(Buffer.from('\r\n\r\n\0\r\nQUIT\n!\x11', 'latin1'))).toBe('stray-header')
  for (const text of ['', 'PUT', 'PROXY', 'hello']) expect(kind(Buffer.from(text))).toBeUndefined()
})

test('a mistake is an accident of the client’s', () => {
  expect(new Mistake('no-tls', 'why')).toMatchObject({ kind: 'no-tls', code: 'client.malformed', message: 'why' })
})
