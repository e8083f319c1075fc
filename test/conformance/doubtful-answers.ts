/** A grammar of answers that are nearly valid, as those of an origin that smuggles, or is merely broken. */
import fc from 'fast-check'
import { contentAround, doubtfulChunks, doubtfulFraming, type Framed, framed, line, spoilt } from './doubtful-bytes.ts'

/** What an origin does with one connection. */
export interface DoubtfulAnswer {
  /** Written one after the other. */
  readonly parts: readonly string[]
  readonly ends: 'closes' | 'breaks'
}

interface Draft extends Framed {
  readonly interim: string
  readonly start: string
  /** Bytes behind the body. */
  readonly excess: string
}

type Change = (draft: Draft) => Draft

const smuggled = 'HTTP/1.1 200 Smuggled\r\nContent-Length: 8\r\n\r\nsmuggled'

const starts = line(
  ...['200 OK', '200 OK', '200 OK', '404 Not Found', '201 ', '204 No Content', '304 Not Modified', '205 Reset Content', '426 X', '799 Odd'],
)

const right: fc.Arbitrary<Draft> = fc
  .record({
    interim: line('', '', '', 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n'),
    version: line('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    start: starts,
    others: fc.subarray(['Date: Sun, 06 Nov 1994 08:49:37 GMT', 'X-A: b', 'Set-Cookie: a=b', 'Content-Type: text/html']),
    framing: framed(contentAround(smuggled), contentAround(smuggled)),
  })
  .map(({ interim, version, start, others, framing }) => ({
    interim,
    start: `${version} ${start}`,
    fields: [...others, ...framing.fields],
    body: framing.body,
    excess: '',
  }))

const added: fc.Arbitrary<Change> = fc
  .record({
    at: fc.nat(5),
    field: fc.oneof(
      doubtfulFraming,
      line(
        'Connection: close',
        'Connection: Content-Length',
        'Connection: Transfer-Encoding, X-A',
        'Connection: Upgrade\r\nUpgrade: websocket',
        'Proxy-Connection: keep-alive',
        'Proxy-Authenticate: Basic',
        'Proxy-Status: other; error=dns_error',
        'Keep-Alive: timeout=5',
        'Trailer: X',
        'Via: 1.1 other',
      ),
      line(': x', 'X', 'X y: z', 'X: \u00e4', 'X: a\x01b', 'X: y\r\n z', 'HTTP/1.1 200 OK'),
    ),
  })
  .map<Change>(({ at, field }) => (draft) => ({ ...draft, fields: draft.fields.toSpliced(Math.min(at, draft.fields.length), 0, field) }))

const changes: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: added, weight: 5 },
  fc.nat(5).map<Change>((at) => (draft) => ({ ...draft, fields: draft.fields.filter((_, i) => i !== at) })),
  { arbitrary: doubtfulChunks.map<Change>((spoil) => (draft) => ({ ...draft, body: spoil(draft.body) })), weight: 2 },
  line(smuggled, '\r\n', 'x', '0\r\n\r\n').map<Change>((excess) => (draft) => ({ ...draft, excess })),
  line(
    'HTTP/1.1 102 Processing\r\nContent-Length: 8\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    'HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 103 X\r\nX: y\n\r\n',
    '\r\n',
  ).map<Change>((interim) => (draft) => ({ ...draft, interim })),
  line(
    'HTTP/1.2 200 OK',
    'HTTP/2.0 200 OK',
    'HTTP/0.9 200 OK',
    'HTTP/1.1 200',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 200 \u00e4',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\rK',
    'http/1.1 200 OK',
    'ICY 200 OK',
    '',
  ).map<Change>((start) => (draft) => ({ ...draft, start })),
)

const written = ({ interim, start, fields, body, excess }: Draft): string =>
  `${interim}${[start, ...fields].join('\r\n')}\r\n\r\n${body}${excess}`

export const doubtfulAnswers: fc.Arbitrary<DoubtfulAnswer> = fc
  .record({ draft: right, changed: fc.array(changes, { maxLength: 2 }), spoil: spoilt, cut: fc.option(fc.nat()), breaks: fc.nat(9) })
  .map(({ draft, changed, spoil, cut, breaks }) => {
    const text = spoil(written(changed.reduce((sofar, change) => change(sofar), draft)))
    const at = cut === null ? text.length : cut % (text.length + 1)
    return { parts: [text.slice(0, at), text.slice(at)].filter((part) => part !== ''), ends: breaks === 0 ? 'breaks' : 'closes' }
  })
