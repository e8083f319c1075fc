/**
 * A grammar of requests that are nearly valid: right ones, with a few of the changes that smugglers live on, and now and
 * then a byte that is missing, too many or another.
 */
import fc from 'fast-check'
import { contentAround, doubtfulChunks, doubtfulFraming, framed, line, spoilt } from './doubtful-bytes.ts'

interface Draft {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly fields: readonly string[]
  readonly body: string
}

type Change = (draft: Draft) => Draft

/** Requests, one or two on a connection, to an origin at this port. */
export function doubtfulRequests(port: number): fc.Arbitrary<string> {
  const authority = `127.0.0.1:${port}`
  const smuggled = `GET http://${authority}/smuggled HTTP/1.1\r\nHost: ${authority}\r\n\r\n`

  const fetches: fc.Arbitrary<Draft> = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
      path: fc.constantFrom('/', '/a?b=c', '/%2e%2e/x', '//x', '/a;b'),
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
      others: fc.subarray(['Accept: */*', 'X-A: b', 'Cookie: a=b', 'Cache-Control: no-store']),
      framing: framed(contentAround(smuggled)),
    })
    .map(({ method, path, version, others, framing }) => ({
      method,
      version,
      target: `http://${authority}${path}`,
      fields: [`Host: ${authority}`, ...others, ...framing.fields],
      body: framing.body,
    }))

  // Behind these heads stand bytes that are nobody's request, as long as somebody switches.
  const tunnelled = fc.constantFrom('', 'raw\r\n\r\n', smuggled, 'GET /in-tunnel HTTP/1.1\r\nHost: x\r\n\r\n')
  const connects: fc.Arbitrary<Draft> = fc
    .record({ version: line('HTTP/1.1', 'HTTP/1.0'), target: line(authority, `localhost:${port}`), body: tunnelled })
    .map((draft) => ({ ...draft, method: 'CONNECT', fields: [`Host: ${authority}`] }))
  const upgrades: fc.Arbitrary<Draft> = fc
    .record({ offered: line('websocket', 'WebSocket', 'irc, websocket', 'h2c, websocket', 'h2c', 'irc'), body: tunnelled })
    .map(({ offered, body }) => ({
      method: 'GET',
      target: `http://${authority}/`,
      version: 'HTTP/1.1',
      fields: [`Host: ${authority}`, 'Connection: Upgrade', `Upgrade: ${offered}`],
      body,
    }))
  const right: fc.Arbitrary<Draft> = fc.oneof(
    { arbitrary: fetches, weight: 6 },
    { arbitrary: connects, weight: 1 },
    { arbitrary: upgrades, weight: 1 },
  )

  const added: fc.Arbitrary<Change> = fc
    .record({
      at: fc.nat(6),
      field: fc.oneof(
        doubtfulFraming,
        line('Host: other', `Host: ${authority}`, 'Host:', 'host: x@y', 'Host: a b', 'Host: other, other'),
        line(
          'Connection: close',
          'Connection: Content-Length',
          'Connection: Transfer-Encoding',
          'Connection: Host',
          'Connection: X-A, keep-alive',
          'Proxy-Connection: close',
          'Keep-Alive: x',
          'TE: trailers',
          'Via: 1.1 other (x)',
          'Connection: upgrade',
          'Connection: close, Upgrade\r\nUpgrade: websocket',
          'Upgrade: websocket',
          'Upgrade: ,',
          'Expect: 100-continue',
          'Expect: x',
          'Max-Forwards: 3',
          'Max-Forwards: x',
        ),
        line(': x', 'X', 'X y: z', 'X(: y', '\u00e4: b', 'X: \u00e4', 'X: a\x01b', '', 'GET / HTTP/1.1'),
      ),
    })
    .map<Change>(({ at, field }) => (draft) => ({ ...draft, fields: draft.fields.toSpliced(Math.min(at, draft.fields.length), 0, field) }))

  const changes: fc.Arbitrary<Change> = fc.oneof(
    { arbitrary: added, weight: 5 },
    fc.nat(6).map<Change>((at) => (draft) => ({ ...draft, fields: draft.fields.filter((_, i) => i !== at) })),
    { arbitrary: doubtfulChunks.map<Change>((spoil) => (draft) => ({ ...draft, body: spoil(draft.body) })), weight: 2 },
    line('HTTP/1.0', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.10', '').map<Change>(
      (version) => (draft) => ({ ...draft, version }),
    ),
    line('get', 'Get', 'POST ', 'G T', 'POST\t', 'CONNECT', 'TRACE', '').map<Change>((method) => (draft) => ({ ...draft, method })),
    line(
      '/',
      '*',
      `http://${authority}`,
      `HTTP://${authority}/`,
      `http://x@${authority}/`,
      `http://127.0.0.1:0${port}/`,
      `http://127.0.0.1:${port + 65_536}/`,
      `http://${authority}/#f`,
      `http://${authority}/a b`,
      `http://${authority}\\x/`,
      `http://0x7f.1:${port}/`,
      `http://2130706433:${port}/`,
      `http://127.1:${port}/`,
      `http://localhost:${port}/`,
      `http://${authority}/\t`,
      `http://${authority}/\u00e4`,
      `http://${authority}?q`,
      `//${authority}/`,
      authority,
      `http:/${authority}/`,
      `localhost:${port}`,
      `${authority}/`,
      `x@${authority}`,
      `127.0.0.1:0${port}`,
      '127.0.0.1',
      '127.0.0.1:',
      `http:///`,
      `http://${authority}/\0`,
    ).map<Change>((target) => (draft) => ({ ...draft, target })),
  )

  const one = fc
    .record({ draft: right, changed: fc.array(changes, { maxLength: 2 }), spoil: spoilt })
    .map(({ draft, changed, spoil }) => spoil(written(changed.reduce((sofar, change) => change(sofar), draft))))
  return fc
    .record({
      before: fc.oneof({ arbitrary: fc.constant(''), weight: 12 }, line('\r\n', '\n', ' ')),
      first: one,
      second: fc.option(one, { freq: 3 }),
    })
    .map(({ before, first, second }) => `${before}${first}${second ?? ''}`)
}

const written = ({ method, target, version, fields, body }: Draft): string =>
  `${[`${method} ${target} ${version}`, ...fields].join('\r\n')}\r\n\r\n${body}`
