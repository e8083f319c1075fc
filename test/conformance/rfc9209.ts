/** RFC 9209: what Proxy-Status says of answers that the proxy gives itself. */
import { answered, BY_US, badGateway, type Case, DATE, denied, GET, incomplete, lines, OK, type Own, refuses } from './case.ts'

/** A request to this host that is answered here. */
const own = (rfc: string, says: string, host: string, client: Own): Case => ({
  rfc,
  says,
  send: GET.replaceAll('a.test', host),
  origin: [],
  client: [client],
  ends: 'stays',
})

export const rfc9209: readonly Case[] = [
  answered(
    'RFC 9209 §2',
    'what others said stays',
    `${lines('HTTP/1.1 200 OK', DATE, 'Proxy-Status: other; error=dns_error', 'Content-Length: 2')}ok`,
    `${lines('HTTP/1.1 200 OK', DATE, 'Proxy-Status: other; error=dns_error', 'Content-Length: 2', BY_US)}ok`,
  ),
  own('RFC 9209 §2.3.2', 'a name that does not exist', 'nowhere.test', { status: 502, error: 'dns_error' }),
  own('RFC 9209 §2.3.5', 'a public name with a local address', 'rebound.example', { status: 403, error: 'destination_ip_prohibited' }),
  own('RFC 9209 §2.3.7', 'a destination that refuses', 'refusing.test', { status: 502, error: 'connection_refused' }),
  answered('RFC 9209 §2.3.8', 'an origin that breaks the connection', [{ when: '\r\n\r\n', ends: 'breaks' }], {
    status: 502,
    error: 'connection_terminated',
  }),
  answered(
    'RFC 9209 §2.3.10',
    'an origin that says nothing',
    [],
    { status: 504, error: 'connection_read_timeout' },
    { door: { idleMs: 400 } },
  ),
  refuses('RFC 9209 §2.3.16', 'a request that is not valid', 400, GET.replace('Host:', 'Host :')),
  own('RFC 9209 §2.3.17', 'what policy forbids', 'china.test', denied),
  answered('RFC 9209 §2.3.18', 'an origin that ends too early', [{ bytes: 'HTTP/1.1 200 OK\r\n', ends: 'closes' }], incomplete),
  answered('RFC 9209 §2.3.28', 'an origin that speaks no HTTP', 'nonsense', badGateway),
  answered(
    'RFC 9209 §2.3.28',
    'an answer with two lengths',
    OK.replace('Content-Length: 2', 'Content-Length: 2\r\nContent-Length: 2'),
    badGateway,
  ),
  {
    rfc: 'RFC 9209 §2.3.32',
    says: 'a loop',
    send: GET.replace('\r\n\r\n', `\r\n${BY_US}\r\n\r\n`),
    origin: [],
    client: [{ status: 508, error: 'proxy_loop_detected' }],
    ends: 'closes',
  },
]
