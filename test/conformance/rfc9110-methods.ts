/** RFC 9110 §9 and §15: methods and statuses. */
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

const asked = (method: string, ...fields: readonly string[]): string =>
  lines(`${method} http://a.test/ HTTP/1.1`, 'Host: a.test', ...fields)
const HEAD = { send: asked('HEAD'), origin: [toOrigin('HEAD / HTTP/1.1')] }
const CONNECT = lines('CONNECT a.test:443 HTTP/1.1', 'Host: a.test:443')
const GRANTED = 'HTTP/1.1 200 Connection established\r\n\r\n'

const tunnel = (says: string, head: string): Case => ({
  rfc: 'RFC 9110 §9.3.6',
  says,
  send: [head, { after: GRANTED }, 'ping', { after: 'pong' }, { fin: true }],
  answers: [[{ when: 'ping', bytes: 'pong', ends: 'closes' }]],
  origin: ['ping'],
  client: [`${GRANTED}pong`],
  ends: 'closes',
})

const methods: readonly Case[] = [
  passes('RFC 9110 §9.1', 'methods that nobody knows go on', asked('BREW'), toOrigin('BREW / HTTP/1.1')),
  passes('RFC 9110 §9.1', 'methods have their case', asked('gEt'), toOrigin('gEt / HTTP/1.1')),
  refuses('RFC 9110 §9.1', 'a method that is no token', 400, asked('GE(T')),
  refuses('RFC 9110 §9.1', '"connect" is not CONNECT', 400, CONNECT.replace('CONNECT', 'connect')),
  passes(
    'RFC 9110 §9.3.1',
    'GET with content goes on with it',
    `${asked('GET', 'Content-Length: 2')}ab`,
    `${toOrigin('GET / HTTP/1.1', 'Content-Length: 2')}ab`,
  ),
  answered(
    'RFC 9110 §9.3.2',
    'an answer to HEAD has no content, and says how long it would be',
    lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 1000'),
    lines('HTTP/1.1 200 OK', DATE, 'Content-Length: 1000', BY_US),
    HEAD,
  ),
  answered('RFC 9110 §9.3.2', 'content that answers HEAD goes no further', OK, PASSED.slice(0, -2), HEAD),
  answered(
    'RFC 9110 §9.3.2',
    'an answer to HEAD in chunks has no content either',
    lines('HTTP/1.1 200 OK', DATE, 'Transfer-Encoding: chunked'),
    lines('HTTP/1.1 200 OK', DATE, BY_US),
    HEAD,
  ),
  passes(
    'RFC 9110 §9.3.3',
    'POST with a length',
    `${asked('POST', 'Content-Length: 2')}ab`,
    `${toOrigin('POST / HTTP/1.1', 'Content-Length: 2')}ab`,
  ),
  passes('RFC 9110 §9.3.3', 'POST without content', asked('POST', 'Content-Length: 0'), toOrigin('POST / HTTP/1.1', 'Content-Length: 0')),
  passes(
    'RFC 9110 §9.3.4',
    'PUT with content of any bytes',
    `${asked('PUT', 'Content-Length: 4')}\0\r\n\xff`,
    `${toOrigin('PUT / HTTP/1.1', 'Content-Length: 4')}\0\r\n\xff`,
  ),
  passes('RFC 9110 §9.3.5', 'DELETE', asked('DELETE'), toOrigin('DELETE / HTTP/1.1')),
  tunnel('CONNECT opens a tunnel', CONNECT),
  tunnel('CONNECT without Host in HTTP/1.0', 'CONNECT a.test:443 HTTP/1.0\r\n\r\n'),
  tunnel('the authority of CONNECT wins over Host, which goes nowhere', CONNECT.replace('Host: a.test:443', 'Host: china.test')),
  tunnel('CONNECT to an IPv6 address', CONNECT.replaceAll('a.test', '[2001:db8:1::1]')),
  tunnel('CONNECT with a length of nothing', CONNECT.replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n')),
  {
    ...tunnel('bytes behind CONNECT are the first of the tunnel', ''),
    send: [`${CONNECT}ping`, { after: 'pong' }, { fin: true }],
  },
  {
    rfc: 'RFC 9110 §9.3.6',
    says: 'a refused CONNECT is no tunnel, and bytes behind it are no request',
    send: `${CONNECT.replaceAll('a.test', 'china.test')}${GET}`,
    origin: [],
    client: [denied],
    ends: 'closes',
  },
  ...[
    'a.test',
    'a.test:',
    'a.test:0',
    'a.test:65979',
    'a.test:https',
    ':443',
    'http://a.test:443/',
    'a.test:443/',
    'x@a.test:443',
    '*',
    '/',
    '2001:db8:1::1:443',
    '[2001:db8:1::1]',
  ].map((authority) => refuses('RFC 9110 §9.3.6', `CONNECT ${authority}`, 400, lines(`CONNECT ${authority} HTTP/1.1`, 'Host: a.test:443'))),
  refuses('RFC 9110 §9.3.6', 'CONNECT with content', 400, `${CONNECT.replace('\r\n\r\n', '\r\nContent-Length: 2\r\n\r\n')}ab`),
  refuses('RFC 9110 §9.3.6', 'CONNECT in chunks', 400, `${CONNECT.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n')}0\r\n\r\n`),
  {
    rfc: 'RFC 9110 §9.3.7',
    says: 'OPTIONS * asks the proxy itself',
    send: lines('OPTIONS * HTTP/1.1', 'Host: a.test'),
    origin: [],
    client: [lines('HTTP/1.1 200 OK', DATED, 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE', 'Content-Length: 0')],
    ends: 'stays',
  },
  {
    rfc: 'RFC 9110 §9.3.7',
    says: 'OPTIONS * with content is answered, and the content is not the next request',
    send: `${lines('OPTIONS * HTTP/1.1', 'Host: a.test', `Content-Length: ${GET.length}`)}${GET}`,
    origin: [],
    client: [
      lines(
        'HTTP/1.1 200 OK',
        DATED,
        'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE',
        'Content-Length: 0',
        'Connection: close',
      ),
    ],
    ends: 'closes',
  },
  passes(
    'RFC 9110 §9.3.7',
    'OPTIONS of a whole server',
    lines('OPTIONS http://a.test HTTP/1.1', 'Host: a.test'),
    toOrigin('OPTIONS * HTTP/1.1'),
  ),
  passes('RFC 9110 §9.3.7', 'OPTIONS of its root', asked('OPTIONS'), toOrigin('OPTIONS / HTTP/1.1')),
  passes('RFC 9110 §9.3.8', 'TRACE goes to the origin', asked('TRACE'), toOrigin('TRACE / HTTP/1.1')),
  refuses('RFC 9110 §9.3.8', 'TRACE with content', 400, `${asked('TRACE', 'Content-Length: 2')}ab`),
  refuses('RFC 9110 §9.3.8', 'TRACE in chunks', 400, `${asked('TRACE', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
]

const statuses: readonly Case[] = [
  answered('RFC 9110 §15', 'statuses that nobody knows go on', OK.replace('200 OK', '299 Fine'), PASSED.replace('200 OK', '299 Fine')),
  answered('RFC 9110 §15', 'statuses beyond 599 go on', OK.replace('200 OK', '799 Odd'), PASSED.replace('200 OK', '799 Odd')),
  answered('RFC 9110 §15', 'a status of two digits', OK.replace('200', '20'), badGateway),
  answered('RFC 9110 §15', 'a status of four digits', OK.replace('200', '2000'), badGateway),
  answered('RFC 9110 §15', 'status 000', OK.replace('200', '000'), badGateway),
  answered(
    'RFC 9110 §15.2',
    'interim answers go on',
    `${lines('HTTP/1.1 103 Early Hints', 'Link: </x>')}${OK}`,
    `${lines('HTTP/1.1 103 Early Hints', 'Link: </x>', BY_US)}${PASSED}`,
  ),
  answered(
    'RFC 9110 §15.2',
    'an interim answer has no content, whatever it says',
    `${lines('HTTP/1.1 102 Processing', 'Content-Length: 5')}${OK}`,
    `${lines('HTTP/1.1 102 Processing', BY_US)}${PASSED}`,
  ),
  answered('RFC 9110 §15.2', 'interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(40), '', {
    client: [lines('HTTP/1.1 102 Processing', BY_US).repeat(33), badGateway],
  }),
  {
    rfc: 'RFC 9110 §15.2',
    says: 'an HTTP/1.0 client gets no interim answers',
    send: GET.replace('HTTP/1.1', 'HTTP/1.0'),
    answers: [`${lines('HTTP/1.1 103 Early Hints', 'Link: </x>')}${OK}`],
    origin: [GOT.replace(BY_US, BY_US.replace('1.1 ', '1.0 '))],
    client: [PASSED.replace(BY_US, `${BY_US}\r\nConnection: close`)],
    ends: 'closes',
  },
  answered(
    'RFC 9110 §15.3.5',
    '204 has neither content nor a length',
    `${lines('HTTP/1.1 204 No Content', DATE, 'Content-Length: 2')}ok`,
    lines('HTTP/1.1 204 No Content', DATE, BY_US),
  ),
  answered(
    'RFC 9110 §15.3.5',
    'what comes behind 204 is not the next answer',
    `${lines('HTTP/1.1 204 No Content', DATE)}${OK}`,
    lines('HTTP/1.1 204 No Content', DATE, BY_US),
  ),
  answered(
    'RFC 9110 §15.3.6',
    '205 has no content, and says so',
    lines('HTTP/1.1 205 Reset Content', DATE),
    lines('HTTP/1.1 205 Reset Content', DATE, 'Content-Length: 0', BY_US),
  ),
  answered(
    'RFC 9110 §15.3.6',
    '205 with content loses it',
    `${lines('HTTP/1.1 205 Reset Content', DATE, 'Content-Length: 2')}ok`,
    lines('HTTP/1.1 205 Reset Content', DATE, 'Content-Length: 0', BY_US),
  ),
  answered(
    'RFC 9110 §15.3.6',
    '205 in chunks loses them',
    `${lines('HTTP/1.1 205 Reset Content', DATE, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
    lines('HTTP/1.1 205 Reset Content', DATE, 'Content-Length: 0', BY_US),
  ),
  answered(
    'RFC 9110 §15.4.5',
    '304 has no content, and says how long it would be',
    lines('HTTP/1.1 304 Not Modified', DATE, 'Content-Length: 1000'),
    lines('HTTP/1.1 304 Not Modified', DATE, 'Content-Length: 1000', BY_US),
  ),
  answered(
    'RFC 9110 §15.4.5',
    'what comes behind 304 is not the next answer',
    `${lines('HTTP/1.1 304 Not Modified', DATE, 'Content-Length: 2')}${OK}`,
    lines('HTTP/1.1 304 Not Modified', DATE, 'Content-Length: 2', BY_US),
  ),
  refuses('RFC 9110 §15.5.15', 'too long a target is 414', 414, lines(`GET http://a.test/${'x'.repeat(40_000)} HTTP/1.1`, 'Host: a.test')),
  answered(
    'RFC 9110 §15.5.22',
    '426 keeps the protocols that it names',
    lines('HTTP/1.1 426 Upgrade Required', DATE, 'Connection: Upgrade', 'Upgrade: TLS/1.3', 'Content-Length: 0'),
    lines('HTTP/1.1 426 Upgrade Required', DATE, 'Content-Length: 0', BY_US, 'Connection: Upgrade', 'Upgrade: TLS/1.3'),
  ),
  answered(
    'RFC 9110 §15.6.5',
    'an origin that says nothing for too long is 504',
    [],
    { status: 504, error: 'connection_read_timeout' },
    { door: { idleMs: 400 } },
  ),
]

export const methodsAndStatuses: readonly Case[] = [...methods, ...statuses]
