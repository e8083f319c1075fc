/**
 * A grammar of requests that are nearly valid: right ones, with a few of the changes that smugglers live on, and now and
 * then a byte that is missing, too many or another.
 */
import fc from 'fast-check'

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

  const content = fc.constantFrom('', 'abc', 'a\r\n\r\nb', '0\r\n\r\n', `0\r\n\r\n${smuggled}`, smuggled)
  const chunk = (data: string, size = data.length.toString(16)) => `${size}\r\n${data}\r\n`
  const framed: fc.Arbitrary<Pick<Draft, 'fields' | 'body'>> = fc.oneof(
    fc.constant({ fields: [], body: '' }),
    content.map((body) => ({ fields: [`Content-Length: ${body.length}`], body })),
    fc
      .array(
        content.filter((data) => data !== ''),
        { maxLength: 2 },
      )
      .map((parts) => ({
        fields: ['Transfer-Encoding: chunked'],
        body: `${parts.map((part) => chunk(part)).join('')}0\r\n\r\n`,
      })),
  )

  const right: fc.Arbitrary<Draft> = fc
    .record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
      path: fc.constantFrom('/', '/a?b=c', '/%2e%2e/x', '//x', '/a;b'),
      version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
      others: fc.subarray(['Accept: */*', 'X-A: b', 'Cookie: a=b', 'Cache-Control: no-store']),
      framing: framed,
    })
    .map(({ method, path, version, others, framing }) => ({
      method,
      version,
      target: `http://${authority}${path}`,
      fields: [`Host: ${authority}`, ...others, ...framing.fields],
      body: framing.body,
    }))

  const line = (...choices: readonly string[]) => fc.constantFrom(...choices)
  const added: fc.Arbitrary<Change> = fc
    .record({
      at: fc.nat(6),
      field: fc.oneof(
        line('0', '3', '+3', ' 3', '003', '3,3', '3, 4', '-1', '0x3', '3 ', '3;', '99', '3\t', '').map(
          (length) => `Content-Length: ${length}`,
        ),
        line(
          'chunked',
          'Chunked',
          ' chunked',
          'chunked ',
          '\tchunked',
          '\x0bchunked',
          'xchunked',
          'chunked, identity',
          'identity',
          'identity, chunked',
          'cow',
          'chunked, chunked',
          '"chunked"',
          "'chunked'",
          'chunked;a=b',
          'chunked,',
          ',chunked',
          '',
          'gzip, chunked',
          'chunked\x00',
          '\u00a0chunked',
        ).map((coding) => `Transfer-Encoding: ${coding}`),
        line(
          'Transfer-Encoding : chunked',
          'Transfer-Encoding\t: chunked',
          ' Transfer-Encoding: chunked',
          'Transfer-Encoding:\r\n chunked',
          'Transfer_Encoding: chunked',
          'X: y\r\n Transfer-Encoding: chunked',
          'X: y\rTransfer-Encoding: chunked',
          'X: y\nTransfer-Encoding: chunked',
          'X\0: y',
          'Content-Length : 3',
          'Content_Length: 3',
          'Content-Length\0: 3',
          'transfer-encoding:chunked',
          'CONTENT-LENGTH:3',
          'Content-Length:\t3',
        ),
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
    line(
      '0',
      '3',
      '5',
      '03',
      'ffff',
      '0x3',
      '3 ',
      ' 3',
      '+3',
      '-3',
      '3;a=b',
      '3;a\n',
      '3\t;a',
      'g',
      '',
      '3\r',
      '00000000000000000003',
      'fffffffffffffffff',
    ).map<Change>((size) => (draft) => ({ ...draft, body: draft.body.replace(/^[0-9a-f]+(?=\r\n)/, size) })),
    line(
      '0\r\nX: y\r\n\r\n',
      '0\r\nContent-Length: 5\r\n\r\n',
      '0\n\n',
      '0\r\n\n',
      '0;x\r\n\r\n',
      '0\r\n',
      '0\r\nX : y\r\n\r\n',
      '',
      '0\r\n x\r\n\r\n',
    ).map<Change>((last) => (draft) => ({ ...draft, body: draft.body.replace(/0\r\n\r\n$/, last) })),
    line('HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', 'HTTP/01.1', 'HTTP/1.10', '').map<Change>(
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
      `http:///`,
      `http://${authority}/\0`,
    ).map<Change>((target) => (draft) => ({ ...draft, target })),
  )

  const byte = fc.constantFrom('\r', '\n', '\0', ' ', '\t', ':', ';', ',', '\x0b', '\x85', '\xa0', '\r\n', '0', 'a')
  const spoilt: fc.Arbitrary<(text: string) => string> = fc.oneof(
    { arbitrary: fc.constant((text: string) => text), weight: 10 },
    fc.record({ at: fc.nat(), byte }).map(
      ({ at, byte: put }) =>
        (text: string) =>
          spliced(text, at, 0, put),
    ),
    fc.nat().map((at) => (text: string) => spliced(text, at, 1, '')),
    fc.record({ at: fc.nat(), byte }).map(
      ({ at, byte: put }) =>
        (text: string) =>
          spliced(text, at, 1, put),
    ),
    fc.nat(30).map((nth) => (text: string) => {
      let count = 0
      return text.replace(/\r\n/g, (end) => (count++ === nth ? '\n' : end))
    }),
    fc.nat().map((at) => (text: string) => text.slice(0, at % (text.length + 1))),
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

function spliced(text: string, at: number, remove: number, put: string): string {
  const place = at % (text.length + 1)
  return text.slice(0, place) + put + text.slice(place + remove)
}
