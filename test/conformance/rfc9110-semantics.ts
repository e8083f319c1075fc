/** RFC 9110 §2–§8, §10: fields, targets, the way of a message through a proxy. */
import {
  answered,
  BY_US,
  badGateway,
  type Case,
  DATE,
  DATED,
  denied,
  GET,
  GOT,
  lines,
  OK,
  PASSED,
  passes,
  refuses,
  toOrigin,
} from './case.ts'

const get = (...fields: readonly string[]): string => lines('GET http://a.test/ HTTP/1.1', 'Host: a.test', ...fields)
const post = (...fields: readonly string[]): string => lines('POST http://a.test/ HTTP/1.1', 'Host: a.test', ...fields)
const target = (text: string, method = 'GET'): string => lines(`${method} ${text} HTTP/1.1`, 'Host: a.test')
const ok = (...fields: readonly string[]): string => `${lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 2', ...fields)}ok`

/** An HTTP/1.0 client, which is answered and closed. */
const BY_US_OLD = BY_US.replace('1.1 ', '1.0 ')
const PASSED_OLD = PASSED.replace(BY_US, `${BY_US}\r\nConnection: close`)
const old = (rfc: string, says: string, send: string, received: string): Case => ({
  rfc,
  says,
  send: send.replace('HTTP/1.1', 'HTTP/1.0'),
  origin: [received.replace(BY_US, BY_US_OLD)],
  client: [PASSED_OLD],
  ends: 'closes',
})

const versions: readonly Case[] = [
  old('RFC 9110 §2.5', 'what came in 1.0 goes on in 1.1', GET, GOT),
  answered('RFC 9110 §2.5', 'an answer in 1.0 reaches the client in 1.1', OK.replace('1.1', '1.0'), PASSED.replace(BY_US, BY_US_OLD)),
  refuses('RFC 9110 §2.5', 'a major version that is not spoken is 505', 505, GET.replace('HTTP/1.1', 'HTTP/2.0')),
  refuses('RFC 9110 §2.5', 'HTTP/0.9 by name is 505', 505, GET.replace('HTTP/1.1', 'HTTP/0.9')),
  passes('RFC 9110 §6.2', 'a minor version that nobody knows yet is read as 1.1, and goes on as that', GET.replace('1.1', '1.2'), GOT),
  passes(
    'RFC 9110 §6.2',
    'with its content, and its connection stays',
    `${post('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.9')}2\r\nab\r\n0\r\n\r\n`,
    `${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}2\r\nab\r\n0\r\n\r\n`,
  ),
  refuses('RFC 9110 §6.2', 'it needs a Host as 1.1 does', 400, lines('GET http://a.test/ HTTP/1.2')),
  answered('RFC 9110 §6.2', 'an answer of a minor version that nobody knows yet is one of 1.1', OK.replace('1.1', '1.2'), PASSED),
]

const identifiers: readonly Case[] = [
  passes('RFC 9110 §4.2.1', 'the default port is 80, and is not told', target('http://a.test:80/'), GOT),
  passes('RFC 9110 §4.2.1', 'another port is told', target('http://a.test:8080/'), GOT.replace('Host: a.test', 'Host: a.test:8080')),
  passes('RFC 9110 §4.2.3', 'scheme and host in any case', target('HTTP://A.TEST/'), GOT),
  passes('RFC 9110 §4.2.3', 'a trailing dot is no other host', target('http://a.test./'), GOT),
  passes('RFC 9110 §4.2.3', 'an empty port is the default one', target('http://a.test:/'), GOT),
  passes('RFC 9110 §4.2.3', 'an empty path is "/"', target('http://a.test'), GOT),
  passes('RFC 9110 §4.2.3', 'an empty path before a query is "/"', target('http://a.test?q'), toOrigin('GET /?q HTTP/1.1')),
  refuses('RFC 9110 §4.2.1', 'an empty host', 400, target('http:///')),
  refuses('RFC 9110 §4.2.1', 'an empty host with a port', 400, target('http://:80/')),
  refuses('RFC 9110 §4.2.4', 'user information', 400, target('http://user:secret@a.test/')),
  refuses('RFC 9110 §4.2.4', 'an empty user', 400, target('http://@a.test/')),
  refuses('RFC 9110 §4.1', 'a fragment', 400, target('http://a.test/#f')),
  refuses('RFC 9110 §4.1', 'port 0', 400, target('http://a.test:0/')),
  refuses('RFC 9110 §4.1', 'a port beyond 65535', 400, target('http://a.test:65616/')),
  refuses('RFC 9110 §4.1', 'a signed port', 400, target('http://a.test:+80/')),
  refuses('RFC 9110 §4.1', 'a percent-encoded host', 400, target('http://%61.test/')),
  refuses('RFC 9110 §4.1', 'a backslash for a slash', 400, target('http://a.test\\@b.test/')),
  refuses('RFC 9110 §4.1', 'a zone identifier', 400, target('http://[fe80::1%25lo]/')),
  refuses('RFC 9110 §4.1', 'an IPv6 address without brackets', 400, target('http://2001:db8:1::1/')),
  refuses('RFC 9110 §4.1', 'brackets that do not close', 400, target('http://[2001:db8:1::1/')),
  refuses('RFC 9110 §4.1', 'a name in brackets', 400, target('http://[a.test]/')),
  refuses('RFC 9110 §4.1', 'bytes beyond ASCII in a host', 400, target('http://\u00e4.test/')),
  passes('RFC 9110 §4.1', 'an IPv6 address in brackets', target('http://[2001:db8:1::1]/'), GOT.replace('a.test', '[2001:db8:1::1]')),
  passes('RFC 9110 §4.1', 'a port with zeros before it', target('http://a.test:0080/'), GOT),
  refuses('RFC 9110 §4.2.2', 'https is not fetched in clear', 501, target('https://a.test/')),
  refuses('RFC 9110 §4.2', 'other schemes', 501, target('ftp://a.test/')),
]

const fields: readonly Case[] = [
  passes('RFC 9110 §5.1', 'unknown fields go on as they are', get('X-Odd_1: a  b'), toOrigin('GET / HTTP/1.1', 'X-Odd_1: a  b')),
  passes(
    'RFC 9110 §5.3',
    'fields of one name keep their order',
    get('X: 1', 'Y: 2', 'X: 3'),
    toOrigin('GET / HTTP/1.1', 'X: 1', 'Y: 2', 'X: 3'),
  ),
  answered(
    'RFC 9110 §5.3',
    'Set-Cookie is never joined',
    ok('Set-Cookie: a=1', 'Set-Cookie: b=2'),
    PASSED.replace(BY_US, `Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n${BY_US}`),
  ),
  refuses('RFC 9110 §5.4', 'too large a head is 431, and none of it is used', 431, get(`X: ${'x'.repeat(40_000)}`)),
  refuses('RFC 9110 §5.4', 'more fields than anybody needs are 431', 431, get(...Array.from({ length: 201 }, (_, i) => `X-${i}: x`))),
  refuses('RFC 9110 §5.5', 'CR in a value', 400, get('X: a\rb')),
  refuses('RFC 9110 §5.5', 'LF in a value', 400, get('X: a\nb')),
  refuses('RFC 9110 §5.5', 'NUL in a value', 400, get('X: a\0b')),
  passes('RFC 9110 §5.5', 'white space around a value is no part of it', get('X: \t a b\t '), toOrigin('GET / HTTP/1.1', 'X: a b')),
  passes('RFC 9110 §5.5', 'an empty value is one', get('X:'), toOrigin('GET / HTTP/1.1', 'X: ')),
  passes('RFC 9110 §5.5', 'bytes beyond ASCII in a value stay', get('X: \u00c3\u00a4'), toOrigin('GET / HTTP/1.1', 'X: \u00c3\u00a4')),
  answered('RFC 9110 §5.5', 'NUL in an answer', ok('X: a\0b'), badGateway),
  refuses('RFC 9110 §5.6.2', 'a name that is no token', 400, get('X(: a')),
  refuses('RFC 9110 §5.1', 'a field without a name', 400, get(': a')),
  passes('RFC 9110 §5.6.1.2', 'empty members of a list are none', get('Connection: ,, X-A ,', 'X-A: 1'), GOT),
]

const messages: readonly Case[] = [
  answered(
    'RFC 9110 §6.1',
    'an answer that ends early never looks complete',
    [{ bytes: lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 100'), ends: 'closes' }],
    lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 100', BY_US),
    { ends: 'short' },
  ),
  {
    rfc: 'RFC 9110 §6.5',
    says: 'trailers of a request go on',
    send: `${post('Transfer-Encoding: chunked', 'Trailer: X-Sum')}2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n`,
    origin: [
      `${toOrigin('POST / HTTP/1.1', 'Trailer: X-Sum').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ],
    client: [PASSED],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §6.5.1',
    says: 'fields that frame, route or authenticate are no trailers',
    send: `${post('Transfer-Encoding: chunked')}0\r\nHost: b.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nAuthorization: x\r\nX: 1\r\n\r\n`,
    origin: [`${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}0\r\nX: 1\r\n\r\n`],
    client: [PASSED],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §6.5.1',
    says: 'fields that ask or describe are no trailers',
    send: `${post('Transfer-Encoding: chunked')}0\r\nCache-Control: x\r\nIf-Match: x\r\nCookie: x\r\nVia: 1.1 x\r\nContent-Type: x\r\nX: 1\r\n\r\n`,
    origin: [`${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}0\r\nX: 1\r\n\r\n`],
    client: [PASSED],
    ends: 'stays',
  },
  answered(
    'RFC 9110 §6.5.1',
    'fields that steer an answer are no trailers of it, a digest is',
    `${lines('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nLocation: /x\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nETag: "x"\r\n\r\n`,
    `${lines('HTTP/1.1 200 OK', DATE, BY_US, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nETag: "x"\r\n\r\n`,
  ),
  answered(
    'RFC 9110 §6.5',
    'trailers of an answer go on',
    `${lines('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`,
    `${lines('HTTP/1.1 200 OK', DATE, BY_US, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`,
  ),
  answered(
    'RFC 9110 §6.6.1',
    'an answer without Date gets one',
    `${lines('HTTP/1.1 200 OK', 'Content-Length: 2')}ok`,
    `${lines('HTTP/1.1 200 OK', 'Content-Length: 2', DATED, BY_US)}ok`,
  ),
  answered('RFC 9110 §6.6.1', 'the Date of the origin stays', OK, PASSED),
]

const host: readonly Case[] = [
  passes(
    'RFC 9110 §7.2',
    'Host comes first',
    get('X: 1').replace('Host: a.test\r\nX: 1', 'X: 1\r\nHost: a.test'),
    toOrigin('GET / HTTP/1.1', 'X: 1'),
  ),
  refuses('RFC 9110 §7.2', 'none', 400, lines('GET http://a.test/ HTTP/1.1')),
  refuses('RFC 9110 §7.2', 'two', 400, get('Host: a.test')),
  refuses('RFC 9110 §7.2', 'two in one', 400, lines('GET http://a.test/ HTTP/1.1', 'Host: a.test, b.test')),
  refuses('RFC 9110 §7.2', 'with user information', 400, lines('GET http://a.test/ HTTP/1.1', 'Host: x@a.test')),
  refuses('RFC 9110 §7.2', 'with a path', 400, lines('GET http://a.test/ HTTP/1.1', 'Host: a.test/x')),
  refuses('RFC 9110 §7.2', 'with a port that is none', 400, lines('GET http://a.test/ HTTP/1.1', 'Host: a.test:http')),
  refuses('RFC 9110 §7.2', 'that is the target, but no host', 400, lines('GET http://a.test/ HTTP/1.1', 'Host: http://a.test/')),
  refuses('RFC 9110 §7.2', '"*"', 400, lines('OPTIONS * HTTP/1.1', 'Host: *')),
]

const hops: readonly Case[] = [
  passes(
    'RFC 9110 §7.6.1',
    'what Connection names goes no further',
    get('Connection: X-A, x-b', 'X-A: 1', 'X-B: 2', 'X-C: 3'),
    toOrigin('GET / HTTP/1.1', 'X-C: 3'),
  ),
  {
    rfc: 'RFC 9110 §7.6.1',
    says: 'what Connection names goes no further as a trailer either',
    send: `${post('Connection: X-A', 'Transfer-Encoding: chunked')}0\r\nX-A: 1\r\nX-B: 2\r\n\r\n`,
    origin: [`${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}0\r\nX-B: 2\r\n\r\n`],
    client: [PASSED],
    ends: 'stays',
  },
  answered(
    'RFC 9110 §7.6.1',
    'nor what the Connection of an answer names',
    `${lines('HTTP/1.1 200 OK', DATE, 'Connection: x-a', 'Transfer-Encoding: chunked')}0\r\nX-A: 1\r\nX-B: 2\r\n\r\n`,
    `${lines('HTTP/1.1 200 OK', DATE, BY_US, 'Transfer-Encoding: chunked')}0\r\nX-B: 2\r\n\r\n`,
  ),
  passes('RFC 9110 §7.6.1', 'what several Connection name', get('Connection: X-A', 'connection: x-b', 'X-A: 1', 'X-B: 2'), GOT),
  passes(
    'RFC 9110 §7.6.1',
    'Keep-Alive, Proxy-Connection and TE go no further',
    get('Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'TE: trailers'),
    GOT,
  ),
  passes('RFC 9110 §7.6.1', 'an Upgrade that Connection does not name goes no further', get('Upgrade: websocket'), GOT),
  passes('RFC 9110 §7.6.1', 'Host goes on, whoever names it', get('Connection: Host'), GOT),
  {
    rfc: 'RFC 9110 §7.6.1',
    says: 'Content-Length goes on, whoever names it',
    send: `${post('Connection: Content-Length', 'Content-Length: 2')}ab`,
    origin: [`${toOrigin('POST / HTTP/1.1', 'Content-Length: 2')}ab`],
    client: [PASSED],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §7.6.1',
    says: 'chunks stay chunks, whoever names Transfer-Encoding',
    send: `${post('Connection: Transfer-Encoding', 'Transfer-Encoding: chunked')}2\r\nab\r\n0\r\n\r\n`,
    origin: [`${toOrigin('POST / HTTP/1.1').replace(BY_US, `${BY_US}\r\nTransfer-Encoding: chunked`)}2\r\nab\r\n0\r\n\r\n`],
    client: [PASSED],
    ends: 'stays',
  },
  answered(
    'RFC 9110 §7.6.1',
    'what the Connection of an answer names goes no further',
    ok('Connection: close, X-A', 'X-A: 1', 'Keep-Alive: timeout=1', 'Proxy-Connection: x'),
    PASSED,
  ),
  answered('RFC 9110 §7.6.1', 'the Content-Length of an answer goes on, whoever names it', ok('Connection: Content-Length'), PASSED),
  ...['TRACE', 'OPTIONS'].flatMap((method): readonly Case[] => [
    passes(
      'RFC 9110 §7.6.2',
      `${method} goes one hop less far`,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: 5'),
      toOrigin(`${method} / HTTP/1.1`, 'Max-Forwards: 4'),
    ),
    passes(
      'RFC 9110 §7.6.2',
      `${method} that may go one hop goes it`,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: 1'),
      toOrigin(`${method} / HTTP/1.1`, 'Max-Forwards: 0'),
    ),
    passes(
      'RFC 9110 §7.6.2',
      `${method} that may go a million hops is cut to what is of use`,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: 1000000'),
      toOrigin(`${method} / HTTP/1.1`, 'Max-Forwards: 255'),
    ),
    refuses(
      'RFC 9110 §7.6.2',
      `${method} with hops that are no number`,
      400,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: -1'),
    ),
    refuses(
      'RFC 9110 §7.6.2',
      `${method} with two numbers of hops`,
      400,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: 1', 'Max-Forwards: 2'),
    ),
    passes(
      'RFC 9110 §7.6.2',
      `${method} goes one hop less far, whatever Connection names`,
      lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', 'Max-Forwards: 5', 'Connection: max-forwards'),
      toOrigin(`${method} / HTTP/1.1`, 'Max-Forwards: 4'),
    ),
  ]),
  {
    rfc: 'RFC 9110 §7.6.2',
    says: 'TRACE that may go no further is answered here, without secrets',
    send: lines('TRACE http://a.test/x HTTP/1.1', 'Host: a.test', 'Max-Forwards: 0', 'Cookie: a=b', 'Authorization: x', 'X: y'),
    origin: [],
    client: [
      `${lines('HTTP/1.1 200 OK', DATED, 'Content-Type: message/http', 'Content-Length: 71')}${lines('TRACE http://a.test/x HTTP/1.1', 'Host: a.test', 'Max-Forwards: 0', 'X: y')}`,
    ],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §7.6.2',
    says: 'OPTIONS that may go no further is answered here',
    send: lines('OPTIONS http://a.test/ HTTP/1.1', 'Host: a.test', 'Max-Forwards: 0'),
    origin: [],
    client: [lines('HTTP/1.1 200 OK', DATED, 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE', 'Content-Length: 0')],
    ends: 'stays',
  },
  passes(
    'RFC 9110 §7.6.2',
    'of other methods Max-Forwards is left alone',
    get('Max-Forwards: 0'),
    toOrigin('GET / HTTP/1.1', 'Max-Forwards: 0'),
  ),
  passes(
    'RFC 9110 §7.6.3',
    'our name is added behind those of others',
    get('Via: 1.0 fred, 1.1 (p), x', 'Via: 1.1 b (of (two) kinds)'),
    toOrigin('GET / HTTP/1.1', 'Via: 1.0 fred, 1.1 (p), x', 'Via: 1.1 b (of (two) kinds)'),
  ),
  answered('RFC 9110 §7.6.3', 'our name is added to answers', ok('Via: 1.1 fred'), PASSED.replace(BY_US, `Via: 1.1 fred\r\n${BY_US}`)),
  ...[BY_US, BY_US.toUpperCase(), `${BY_US}, 1.1 other`, `Via: 1.1 other, ${BY_US.slice(5)} (comment)`, `${BY_US}:8080`].flatMap(
    (via): readonly Case[] =>
      [get(via), lines('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443', via)].map((send) => ({
        rfc: 'RFC 9110 §7.6.3',
        says: `what was here before goes no further: ${send.slice(0, 7)} with ${via}`,
        send,
        origin: [],
        client: [{ status: 508, error: 'proxy_loop_detected' }],
        ends: 'closes',
      })),
  ),
  passes(
    'RFC 9110 §7.6.3',
    'our name in a comment is nobody',
    get(`Via: 1.1 other (${BY_US.slice(9)})`),
    toOrigin('GET / HTTP/1.1', `Via: 1.1 other (${BY_US.slice(9)})`),
  ),
  passes(
    'RFC 9110 §7.7',
    'path and query go on as they are',
    target('http://a.test/%7e/../a;b//c?d=/?e%20f'),
    toOrigin('GET /%7e/../a;b//c?d=/?e%20f HTTP/1.1'),
  ),
  passes(
    'RFC 9110 §7.7',
    'raw bytes in a path go on as they are',
    target('http://a.test/\u00c3\u00a4'),
    toOrigin('GET /\u00c3\u00a4 HTTP/1.1'),
  ),
  answered(
    'RFC 9110 §7.7',
    'what describes the content stays',
    ok('Content-Encoding: gzip', 'ETag: "x"', 'Content-Range: bytes 0-1/2', 'Last-Modified: x'),
    PASSED.replace(BY_US, `Content-Encoding: gzip\r\nETag: "x"\r\nContent-Range: bytes 0-1/2\r\nLast-Modified: x\r\n${BY_US}`),
  ),
]

const upgrade = get('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x')
const upgradeReceived = lines('GET / HTTP/1.1', 'Host: a.test', 'Sec-WebSocket-Key: x', BY_US, 'Connection: Upgrade', 'Upgrade: websocket')
const switched = lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket')
const switchedPassed = lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', BY_US)

const upgrades: readonly Case[] = [
  {
    rfc: 'RFC 9110 §7.8',
    says: 'a switch turns the connection into a tunnel, bytes that come early included',
    send: [`${upgrade}early`, { after: 'glued' }, ' late', { after: 'bye' }, { fin: true }],
    answers: [
      [
        { when: '\r\n\r\n', bytes: `${switched}glued` },
        { when: 'early late', bytes: ' bye', ends: 'closes' },
      ],
    ],
    origin: [`${upgradeReceived}early late`],
    client: [`${switchedPassed}glued bye`],
    ends: 'closes',
  },
  answered('RFC 9110 §7.8', 'a server may go on without switching', OK, PASSED, { send: upgrade, origin: [upgradeReceived] }),
  answered(
    'RFC 9110 §7.8',
    'a switch to what was not offered',
    lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: irc'),
    badGateway,
    { send: upgrade, origin: [upgradeReceived] },
  ),
  answered('RFC 9110 §7.8', 'a switch that nobody asked for', switched, badGateway),
  answered(
    'RFC 9110 §7.8',
    'a switch that does not say to what',
    lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade'),
    badGateway,
    { send: upgrade, origin: [upgradeReceived] },
  ),
  passes(
    'RFC 9110 §7.8',
    'h2c is offered to nobody: behind it would go requests that nobody has read',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    GOT,
  ),
  answered('RFC 9110 §7.8', 'what is offered beside h2c is', OK, PASSED, {
    send: upgrade.replace('Upgrade: websocket', 'Upgrade: h2c, websocket'),
    origin: [upgradeReceived],
  }),
  answered(
    'RFC 9110 §7.8',
    'a switch to h2c',
    lines('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: h2c'),
    badGateway,
    { send: upgrade.replace('Upgrade: websocket', 'Upgrade: h2c, websocket'), origin: [upgradeReceived] },
  ),
  passes('RFC 9110 §7.8', 'an Upgrade to nothing goes no further', get('Connection: Upgrade', 'Upgrade: ,'), GOT),
  answered('RFC 9110 §7.8', 'a request with content asks for no switch', OK, PASSED, {
    send: `${upgrade.replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\n')}ab`,
    origin: [`${toOrigin('GET / HTTP/1.1', 'Sec-WebSocket-Key: x', 'Content-Length: 2')}ab`],
  }),
  {
    rfc: 'RFC 9110 §7.8',
    says: 'where the server does not switch, what came early is the next request',
    send: `${upgrade}${GET}`,
    origin: [upgradeReceived, GOT],
    client: [PASSED, PASSED],
    ends: 'stays',
  },
  old('RFC 9110 §7.8', 'an HTTP/1.0 client cannot ask for a switch', upgrade, toOrigin('GET / HTTP/1.1', 'Sec-WebSocket-Key: x')),
]

const lengths: readonly Case[] = [
  passes(
    'RFC 9110 §8.6',
    'a length with zeros before it is written without',
    `${post('Content-Length: 002')}ab`,
    `${toOrigin('POST / HTTP/1.1', 'Content-Length: 2')}ab`,
  ),
  ...['-2', '+2', '2,2', '2, 3', '0x2', '2.0', '2 2', '', '٢', '9'.repeat(30)].map((length) =>
    refuses(
      'RFC 9110 §8.6',
      `Content-Length: ${length.slice(0, 10)}`,
      400,
      Buffer.from(`${post(`Content-Length: ${length}`)}ab`).toString('latin1'),
    ),
  ),
  refuses('RFC 9110 §8.6', 'two lengths', 400, `${post('Content-Length: 2', 'Content-Length: 3')}abc`),
  refuses('RFC 9110 §8.6', 'one length twice', 400, `${post('Content-Length: 2', 'Content-Length: 2')}ab`),
  answered('RFC 9110 §8.6', 'an answer with a length that is none', lines('HTTP/1.1 200 OK', 'Content-Length: 2x'), badGateway),
  answered(
    'RFC 9110 §8.6',
    'an answer with two lengths',
    `${lines('HTTP/1.1 200 OK', 'Content-Length: 2', 'Content-Length: 3')}abc`,
    badGateway,
  ),
]

const expecting = post('Expect: 100-continue', 'Content-Length: 2')
const expected = toOrigin('POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 2')
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const CONTINUED = lines('HTTP/1.1 100 Continue', BY_US)

const expectations: readonly Case[] = [
  {
    rfc: 'RFC 9110 §10.1.1',
    says: 'the expectation is passed on, 100 is passed back, then the content goes',
    send: [expecting, { after: CONTINUED }, 'ab'],
    answers: [
      [
        { when: '\r\n\r\n', bytes: CONTINUE },
        { when: '\r\n\r\nab', bytes: OK },
      ],
    ],
    origin: [`${expected}ab`],
    client: [CONTINUED, PASSED],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §10.1.1',
    says: 'a final answer before the content ends the connection, or the content would be the next request',
    send: expecting,
    answers: [[{ when: '\r\n\r\n', bytes: lines('HTTP/1.1 413 Content Too Large', DATE, 'Content-Length: 0') }]],
    origin: [expected],
    client: [lines('HTTP/1.1 413 Content Too Large', DATE, 'Content-Length: 0', BY_US, 'Connection: close')],
    ends: 'closes',
  },
  {
    rfc: 'RFC 9110 §10.1.1',
    says: 'a refusal does not wait for the content',
    send: expecting.replaceAll('a.test', 'china.test'),
    origin: [],
    client: [denied],
    ends: 'closes',
  },
  refuses('RFC 9110 §10.1.1', 'another expectation is 417', 417, post('Expect: 200-ok', 'Content-Length: 2')),
  refuses('RFC 9110 §10.1.1', 'another expectation beside 100-continue', 417, post('Expect: 100-continue, x', 'Content-Length: 2')),
  old('RFC 9110 §10.1.1', 'an HTTP/1.0 client expects nothing', `${expecting}ab`, `${toOrigin('POST / HTTP/1.1', 'Content-Length: 2')}ab`),
  answered('RFC 9110 §10.1.4', 'TE is for one hop', OK, PASSED, { send: get('TE: trailers, deflate;q=0.5', 'Connection: TE') }),
]

const proxyFields: readonly Case[] = [
  passes('RFC 9110 §11.7.2', 'Proxy-Authorization goes no further', get('Proxy-Authorization: Basic c2VjcmV0'), GOT),
  passes('RFC 9110 §11.6.2', 'Authorization goes on', get('Authorization: Basic x'), toOrigin('GET / HTTP/1.1', 'Authorization: Basic x')),
  answered(
    'RFC 9110 §11.7.1',
    'Proxy-Authenticate of an origin goes no further',
    ok('Proxy-Authenticate: Basic', 'Proxy-Authentication-Info: x'),
    PASSED,
  ),
  answered(
    'RFC 9110 §11.6.1',
    'WWW-Authenticate goes on',
    ok('WWW-Authenticate: Basic'),
    PASSED.replace(BY_US, `WWW-Authenticate: Basic\r\n${BY_US}`),
  ),
  {
    rfc: 'RFC 9110 §11.7.1',
    says: 'who does not say who asks is told how, on the same connection',
    send: [GET, get('Proxy-Authorization: Basic YTpi'), { fin: true }],
    origin: [],
    client: [
      { status: 407, error: 'http_request_denied' },
      { status: 407, error: 'http_request_denied' },
    ],
    ends: 'closes',
    door: { login: { authenticate: async () => null, has: () => false } },
  },
]

export const semantics: readonly Case[] = [
  ...versions,
  ...identifiers,
  ...fields,
  ...messages,
  ...host,
  ...hops,
  ...upgrades,
  ...lengths,
  ...expectations,
  ...proxyFields,
]
