/** RFC 9112: messages of HTTP/1.1, their framing, connections. */
import {
  answered,
  BY_US,
  badGateway,
  type Case,
  DATE,
  denied,
  GET,
  GOT,
  incomplete,
  lines,
  malformed,
  OK,
  PASSED,
  passes,
  refuses,
  toOrigin,
} from './case.ts'

const post = (...fields: readonly string[]): string => lines('POST http://a.test/ HTTP/1.1', 'Host: a.test', ...fields)
const chunked = (body: string): string => `${post('Transfer-Encoding: chunked')}${body}`
/** The same as it is written here. */
const chunks = (body: string): string => `${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}${body}`
const HELLO = chunks('5\r\nhello\r\n0\r\n\r\n')
const ok = (body: string, ...fields: readonly string[]): string => lines('HTTP/1.1 200 OK', DATE, ...fields) + body
const BY_US_OLD = BY_US.replace('1.1 ', '1.0 ')
const GET_OLD = GET.replace('HTTP/1.1', 'HTTP/1.0')
const GOT_OLD = GOT.replace(BY_US, BY_US_OLD)
const CLOSE = `${BY_US}\r\nConnection: close`

const parsing: readonly Case[] = [
  passes('RFC 9112 §2.2', 'an empty line before a request is skipped', `\r\n${GET}`, GOT),
  refuses('RFC 9112 §2.2', 'two empty lines are nobody honest', 400, `\r\n\r\n${GET}`),
  refuses('RFC 9112 §2.2', 'a bare LF for a line end', 400, GET.replaceAll('\r\n', '\n')),
  refuses('RFC 9112 §2.2', 'one bare LF among line ends', 400, GET.replace('1.1\r\n', '1.1\n')),
  refuses('RFC 9112 §2.2', 'a bare LF at the end of the head', 400, GET.replace('\r\n\r\n', '\r\n\n')),
  refuses('RFC 9112 §2.2', 'a bare CR', 400, GET.replace('a.test\r\n\r\n', 'a.test\rX: y\r\n\r\n')),
  refuses('RFC 9112 §2.2', 'white space before the first field', 400, GET.replace('Host', ' Host')),
  answered('RFC 9112 §2.2', 'a bare LF in an answer', OK.replaceAll('\r\n', '\n'), badGateway),
  answered('RFC 9112 §2.2', 'an empty line before an answer', `\r\n${OK}`, badGateway),
  refuses('RFC 9112 §2.3', 'a version in lower case', 400, GET.replace('HTTP/1.1', 'http/1.1')),
  refuses('RFC 9112 §2.3', 'a version of two digits', 400, GET.replace('HTTP/1.1', 'HTTP/1.10')),
  refuses('RFC 9112 §2.3', 'no version', 400, GET.replace(' HTTP/1.1', '')),
]

const requests: readonly Case[] = [
  refuses('RFC 9112 §3', 'two spaces behind the method', 400, GET.replace('GET ', 'GET  ')),
  refuses('RFC 9112 §3', 'two spaces before the version', 400, GET.replace(' HTTP', '  HTTP')),
  refuses('RFC 9112 §3', 'a tab for a space', 400, GET.replace('GET ', 'GET\t')),
  refuses('RFC 9112 §3', 'a space behind the version', 400, GET.replace('HTTP/1.1', 'HTTP/1.1 ')),
  refuses('RFC 9112 §3', 'a space before the method', 400, ` ${GET}`),
  refuses('RFC 9112 §3.1', 'a method that is longer than any is 501', 501, GET.replace('GET', 'G'.repeat(65))),
  refuses('RFC 9112 §3.2', 'a space in the target', 400, GET.replace('a.test/', 'a.test/a b')),
  refuses('RFC 9112 §3.2', 'a control in the target', 400, GET.replace('a.test/', 'a.test/a\x01')),
  refuses('RFC 9112 §3.2', 'NUL in the target', 400, GET.replace('a.test/', 'a.test/\0')),
  refuses('RFC 9112 §3.2', 'no target', 400, GET.replace('http://a.test/ ', '')),
  refuses('RFC 9112 §3.2.1', 'a path alone is for a web site', 400, lines('GET / HTTP/1.1', 'Host: a.test')),
  refuses('RFC 9112 §3.2.1', 'a path that looks like a host', 400, lines('GET //a.test/ HTTP/1.1', 'Host: a.test')),
  passes('RFC 9112 §3.2.2', 'the target wins over Host, which is written anew', GET.replace('Host: a.test', 'Host: china.test'), GOT),
  {
    rfc: 'RFC 9112 §3.2.2',
    says: 'the target is judged, whatever Host says',
    send: lines('GET http://china.test/ HTTP/1.1', 'Host: a.test'),
    origin: [],
    client: [denied],
    ends: 'stays',
  },
  refuses('RFC 9112 §3.2.2', 'a host and a port are no URI', 400, GET.replace('http://a.test/', 'a.test:80')),
  refuses('RFC 9112 §3.2.2', 'one slash is not two', 400, GET.replace('http://', 'http:/')),
  refuses('RFC 9112 §3.2.4', '* is for OPTIONS alone', 400, lines('GET * HTTP/1.1', 'Host: a.test')),
]

const responses: readonly Case[] = [
  answered('RFC 9112 §4', 'a status line without reason', OK.replace('200 OK', '200 '), PASSED.replace('200 OK', '200 ')),
  answered(
    'RFC 9112 §4',
    'a status line without the space before its reason',
    OK.replace('200 OK', '200'),
    PASSED.replace('200 OK', '200 '),
  ),
  answered('RFC 9112 §4', 'a reason goes on as it is', OK.replace('OK', 'All \u00e4 right'), PASSED.replace('OK', 'All \u00e4 right')),
  answered('RFC 9112 §4', 'two spaces before the status', OK.replace('1.1 200', '1.1  200'), badGateway),
  answered('RFC 9112 §4', 'a version that is none', OK.replace('HTTP/1.1', 'HTTP/1'), badGateway),
  answered('RFC 9112 §4', 'HTTP/2 for HTTP/1', OK.replace('HTTP/1.1', 'HTTP/2.0'), badGateway),
  answered('RFC 9112 §4', 'content without a head', '<html>', badGateway),
  answered('RFC 9112 §4', 'another protocol', 'SSH-2.0-x\r\n', badGateway),
  answered('RFC 9112 §4', 'CR in a reason', OK.replace('OK', 'O\rK'), badGateway),
]

const fields: readonly Case[] = [
  refuses('RFC 9112 §5.1', 'white space before the colon', 400, GET.replace('\r\n\r\n', '\r\nX : y\r\n\r\n')),
  refuses('RFC 9112 §5.1', 'a tab before the colon', 400, GET.replace('\r\n\r\n', '\r\nContent-Length\t: 5\r\n\r\n')),
  refuses('RFC 9112 §5.1', 'no colon', 400, GET.replace('\r\n\r\n', '\r\nX\r\n\r\n')),
  answered('RFC 9112 §5.1', 'white space before the colon of an answer is taken out', OK.replace('Length:', 'Length \t:'), PASSED),
  answered(
    'RFC 9112 §5.1',
    'what it hides is read: an answer with two lengths',
    OK.replace('Content', 'Content-Length : 3\r\nContent'),
    badGateway,
  ),
  answered('RFC 9112 §5.1', 'white space within a name of an answer', ok('ok', 'Content-Length: 2', 'X y: z'), badGateway),
  refuses('RFC 9112 §5.2', 'a folded line', 400, GET.replace('\r\n\r\n', '\r\nX: y\r\n z\r\n\r\n')),
  refuses('RFC 9112 §5.2', 'a line folded by a tab', 400, GET.replace('\r\n\r\n', '\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n')),
  answered('RFC 9112 §5.2', 'a folded line in an answer', ok('ok', 'Content-Length: 2', 'X: y', ' z'), badGateway),
]

const bodies: readonly Case[] = [
  passes('RFC 9112 §6.1', 'chunks in any case', chunked('5\r\nhello\r\n0\r\n\r\n').replace('chunked', 'CHUNKED'), HELLO),
  refuses(
    'RFC 9112 §6.1',
    'Transfer-Encoding with Content-Length',
    400,
    `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`,
  ),
  refuses(
    'RFC 9112 §6.1',
    'Content-Length with Transfer-Encoding',
    400,
    `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ),
  refuses('RFC 9112 §6.1', 'Transfer-Encoding in HTTP/1.0', 400, chunked('0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0')),
  refuses('RFC 9112 §6.1', 'a coding that nobody knows, under chunks', 501, `${post('Transfer-Encoding: cow, chunked')}0\r\n\r\n`),
  refuses('RFC 9112 §6.1', 'the same in two fields', 501, `${post('Transfer-Encoding: cow', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
  answered(
    'RFC 9112 §6.1',
    'Transfer-Encoding in an answer of HTTP/1.0',
    ok('2\r\nok\r\n0\r\n\r\n', 'Transfer-Encoding: chunked').replace('1.1', '1.0'),
    badGateway,
  ),
  answered('RFC 9112 §6.1', 'another coding in an answer', ok('ok', 'Transfer-Encoding: gzip, chunked'), badGateway),
  answered(
    'RFC 9112 §6.1',
    'Transfer-Encoding in 204 goes no further',
    lines('HTTP/1.1 204 No Content', DATE, 'Transfer-Encoding: chunked'),
    lines('HTTP/1.1 204 No Content', DATE, BY_US),
  ),
  ...[
    'gzip',
    'identity',
    'chunked, gzip',
    'chunked, chunked',
    'xchunked',
    'chunked;q=1',
    '"chunked"',
    '',
    '\x0bchunked',
    'chunked\x0b',
    'chu nked',
  ].map((coding) =>
    refuses(
      'RFC 9112 §6.3',
      `Transfer-Encoding: ${JSON.stringify(coding)} ends nowhere`,
      400,
      `${post(`Transfer-Encoding: ${coding}`)}0\r\n\r\n`,
    ),
  ),
  answered(
    'RFC 9112 §6.3',
    'an answer with Transfer-Encoding and Content-Length',
    ok('2\r\nok\r\n0\r\n\r\n', 'Content-Length: 2', 'Transfer-Encoding: chunked'),
    badGateway,
  ),
  passes('RFC 9112 §6.3', 'a request without either has no content', post(), toOrigin('POST / HTTP/1.1')),
  answered(
    'RFC 9112 §6.3',
    'an answer without either ends with its connection, and is passed on in chunks',
    [{ bytes: ok('all'), ends: 'closes' }],
    `${ok('', BY_US, 'Transfer-Encoding: chunked')}3\r\nall\r\n0\r\n\r\n`,
  ),
  answered('RFC 9112 §6.3', 'what comes behind the content is not the next answer', `${OK}${OK}`, PASSED),
]

const badChunks: readonly (readonly [string, string])[] = [
  ['a size that is no number', 'x\r\n'],
  ['no size', '\r\n'],
  ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a signed size', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a size with a space before it', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a size with a space behind it', '5 \r\nhello\r\n0\r\n\r\n'],
  ['a size that overflows', 'fffffffffffffffff\r\n'],
  ['a size that ends in LF', '5\nhello\r\n0\r\n\r\n'],
  ['a size that ends in CR alone', '5\rhello\r\n0\r\n\r\n'],
  ['a size that ends in CR and another byte', '5\rXhello\r\n0\r\n\r\n'],
  ['data that ends in CR and another byte', '5\r\nhello\rX0\r\n\r\n'],
  ['more than the size says', '4\r\nhello\r\n0\r\n\r\n'],
  ['less than the size says', '6\r\nhello\r\n0\r\n\r\n'],
  ['data that ends in LF', '5\r\nhello\n0\r\n\r\n'],
  ['LF in an extension', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['an extension without end', `5;${'x'.repeat(20_000)}`],
  ['a trailer that is no field', '0\r\nX\r\n\r\n'],
  ['a trailer with white space before its colon', '0\r\nX : y\r\n\r\n'],
  ['a folded trailer', '0\r\nX: y\r\n z\r\n\r\n'],
  ['a trailer that ends in LF', '0\r\nX: y\n\r\n'],
  ['trailers without end', `0\r\nX: ${'x'.repeat(20_000)}`],
]

const codings: readonly Case[] = [
  passes('RFC 9112 §7.1', 'chunks are written anew', chunked('5\r\nhello\r\n0\r\n\r\n'), HELLO),
  passes(
    'RFC 9112 §7.1',
    'sizes with zeros before them, in any case',
    chunked('000B\r\nhello world\r\n000\r\n\r\n'),
    chunks('b\r\nhello world\r\n0\r\n\r\n'),
  ),
  passes('RFC 9112 §7.1', 'chunks without content', chunked('0\r\n\r\n'), chunks('0\r\n\r\n')),
  passes('RFC 9112 §7.1.1', 'extensions go no further', chunked('5;a=b;c="d;e"\r\nhello\r\n0;x\r\n\r\n'), HELLO),
  passes('RFC 9112 §7.1.1', 'white space before an extension', chunked('5 \t;a\r\nhello\r\n0\r\n\r\n'), HELLO),
  answered(
    'RFC 9112 §7.1.1',
    'extensions of an answer go no further',
    ok('2;a=b\r\nok\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'),
    `${ok('', BY_US, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  ),
  ...badChunks.map(
    ([says, body]): Case => ({
      rfc: 'RFC 9112 §7.1',
      says: `${says}: what follows never reaches the origin, and the request never looks complete`,
      send: chunked(body),
      answers: [[{ when: 'never' }]],
      origin: [chunks('')],
      client: [malformed(400)],
      ends: 'closes',
    }),
  ),
  ...badChunks
    .filter(([says]) => !says.includes('without end'))
    .map(([says, body]) =>
      answered(
        'RFC 9112 §7.1',
        `${says}, in an answer: it never looks complete`,
        ok(body, 'Transfer-Encoding: chunked'),
        ok('', BY_US, 'Transfer-Encoding: chunked'),
        { ends: 'short' },
      ),
    ),
]

const truncations: readonly Case[] = [
  ...[
    ['a length', 'Content-Length: 100', 'only', 'only'],
    ['a chunk', 'Transfer-Encoding: chunked', '64\r\nonly', '4\r\nonly\r\n'],
    ['chunks', 'Transfer-Encoding: chunked', '4\r\nonly\r\n', '4\r\nonly\r\n'],
    ['the last chunk', 'Transfer-Encoding: chunked', '4\r\nonly\r\n0\r\n', '4\r\nonly\r\n'],
  ].flatMap(([says = '', field = '', body = '', passed = '']): readonly Case[] => {
    const framed = field.startsWith('T') ? ok(passed, BY_US, field) : ok(passed, field, BY_US)
    const unframed = field.startsWith('T') ? ok('only', BY_US, 'Connection: close') : ok('only', field, BY_US, 'Connection: close')
    return [
      answered(
        'RFC 9112 §8',
        `an answer that ends within ${says} is passed on as far as it came, and ends there`,
        [{ bytes: ok(body, field), ends: 'closes' }],
        framed,
        { ends: 'short' },
      ),
      answered(
        'RFC 9112 §8',
        `an answer that breaks within ${says} is passed on as far as it came, and ends there`,
        [{ bytes: ok(body, field), ends: 'breaks' }],
        framed,
        { ends: 'short', orElse: { status: 502, error: 'connection_terminated' } },
      ),
      answered(
        'RFC 9112 §8',
        field.startsWith('T')
          ? `an answer that ends within ${says} is a broken connection for an HTTP/1.0 client, which has no chunks to tell by`
          : `an answer that ends within ${says} ends there for an HTTP/1.0 client, too`,
        [{ bytes: ok(body, field), ends: 'closes' }],
        unframed,
        { send: GET_OLD, origin: [GOT_OLD], ends: field.startsWith('T') ? 'breaks' : 'short' },
      ),
    ]
  }),
  answered(
    'RFC 9112 §8',
    'an answer that ends within its head is 502',
    [{ bytes: 'HTTP/1.1 200 OK\r\nContent-', ends: 'closes' }],
    incomplete,
  ),
  {
    ...answered('RFC 9112 §8', 'behind an answer that ended early no other one comes', '', ok('only', 'Content-Length: 100', BY_US)),
    send: GET.repeat(2),
    answers: [[{ bytes: ok('only', 'Content-Length: 100'), ends: 'closes' }]],
    ends: 'short',
  },
  answered(
    'RFC 9112 §8',
    'an answer without length that breaks is passed on in chunks as far as it came, and ends there',
    [{ bytes: ok('only'), ends: 'breaks' }],
    ok('4\r\nonly\r\n', BY_US, 'Transfer-Encoding: chunked'),
    { ends: 'short', orElse: { status: 502, error: 'connection_terminated' } },
  ),
  answered('RFC 9112 §8', 'no answer is 502', [{ ends: 'closes' }], incomplete),
  {
    rfc: 'RFC 9112 §8',
    says: 'a request that ends early never looks complete',
    send: [`${post('Content-Length: 10')}only`, { fin: true }],
    answers: [[{ when: 'never' }]],
    origin: [`${toOrigin('POST / HTTP/1.1', 'Content-Length: 10')}only`],
    client: [{ status: 499, error: 'connection_terminated' }],
    ends: 'closes',
  },
]

const connections: readonly Case[] = [
  answered('RFC 9112 §9.3', 'an HTTP/1.1 client keeps its connection', OK, PASSED),
  answered('RFC 9112 §9.3', 'though the origin closes its own', ok('ok', 'Content-Length: 2', 'Connection: close'), PASSED),
  answered('RFC 9112 §9.3', 'an HTTP/1.0 client is closed', OK, PASSED.replace(BY_US, CLOSE), {
    send: GET_OLD,
    origin: [GOT_OLD],
    ends: 'closes',
  }),
  answered(
    'RFC 9112 §9.3',
    'an HTTP/1.0 client is closed, even if it asks for keep-alive: a proxy may not',
    OK,
    PASSED.replace(BY_US, CLOSE),
    {
      send: GET_OLD.replace('\r\n\r\n', '\r\nConnection: keep-alive\r\n\r\n'),
      origin: [GOT_OLD],
      ends: 'closes',
    },
  ),
  answered(
    'RFC 9112 §9.3',
    'an HTTP/1.0 client gets no chunks',
    ok('2\r\nok\r\n0\r\nX: y\r\n\r\n', 'Transfer-Encoding: chunked'),
    ok('ok', BY_US, 'Connection: close'),
    { send: GET_OLD, origin: [GOT_OLD], ends: 'closes' },
  ),
  {
    rfc: 'RFC 9112 §9.3.2',
    says: 'pipelined requests are answered in their order, a refused one in its place',
    send: `${GET}${lines('GET http://china.test/ HTTP/1.1', 'Host: china.test')}${lines('OPTIONS * HTTP/1.1', 'Host: x')}${GET}`,
    answers: [OK, [{ bytes: OK.replace(/ok$/, 'no') }]],
    origin: [GOT, GOT],
    client: [
      PASSED,
      denied,
      lines(
        'HTTP/1.1 200 OK',
        'Date: Sat, 01 Aug 2026 12:00:00 GMT',
        'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE',
        'Content-Length: 0',
      ),
      PASSED.replace(/ok$/, 'no'),
    ],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9112 §9.3.2',
    says: 'a pipelined request with a body, and one behind it',
    send: `${chunked('5\r\nhello\r\n0\r\n\r\n')}${GET}`,
    origin: [HELLO, GOT],
    client: [PASSED, PASSED],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9112 §9.3.2',
    says: 'a malformed request ends the answers',
    send: `${GET}GET http://a.test/ HTTP/1.1\r\n\r\n${GET}`,
    origin: [GOT],
    client: [PASSED, malformed(400)],
    ends: 'closes',
  },
  {
    rfc: 'RFC 9112 §9.3.2',
    says: 'the content of a refused request is not the next one',
    send: `${lines('POST http://china.test/ HTTP/1.1', 'Host: china.test', `Content-Length: ${GET.length}`)}${GET}`,
    origin: [],
    client: [denied],
    ends: 'closes',
  },
  refuses('RFC 9112 §9.5', 'a head that does not come in time is 408', 408, 'GET http://a.test/ HTTP/1.1\r\nHost: a', { headMs: 200 }),
  answered('RFC 9112 §9.6', 'who asks for close is closed', OK, PASSED.replace(BY_US, CLOSE), {
    send: GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    ends: 'closes',
  }),
  answered('RFC 9112 §9.6', 'who asks a proxy for close is closed', OK, PASSED.replace(BY_US, CLOSE), {
    send: GET.replace('\r\n\r\n', '\r\nProxy-Connection: close\r\n\r\n'),
    ends: 'closes',
  }),
  {
    rfc: 'RFC 9112 §9.6',
    says: 'what comes behind a request for close is not answered',
    send: `${GET.replace('\r\n\r\n', '\r\nConnection: x, CLOSE\r\n\r\n')}${GET}`,
    origin: [GOT],
    client: [PASSED.replace(BY_US, CLOSE)],
    ends: 'closes',
  },
  {
    rfc: 'RFC 9112 §9.6',
    says: 'a client that ends its side gets its answer',
    send: [GET, { fin: true }],
    origin: [GOT],
    client: [PASSED],
    ends: 'closes',
  },
]

const security: readonly Case[] = [
  answered(
    'RFC 9112 §11.1',
    'an answer cannot be split by its fields',
    ok('ok', 'Content-Length: 2', 'X: a\rContent-Length: 0'),
    badGateway,
  ),
  {
    rfc: 'RFC 9112 §11.2',
    says: 'a request within content stays content',
    send: `${post(`Content-Length: ${GET.length}`)}${GET}`,
    origin: [`${toOrigin('POST / HTTP/1.1', `Content-Length: ${GET.length}`)}${GET}`],
    client: [PASSED],
    ends: 'stays',
  },
  refuses(
    'RFC 9112 §11.2',
    'a length of nothing beside chunks',
    400,
    `${post('Content-Length: 0', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
  ),
  refuses(
    'RFC 9112 §11.2',
    'a length that Connection would take away, beside chunks',
    400,
    `${post('Connection: Content-Length', 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ),
]

export const rfc9112: readonly Case[] = [
  ...parsing,
  ...requests,
  ...responses,
  ...fields,
  ...bodies,
  ...codings,
  ...truncations,
  ...connections,
  ...security,
]
