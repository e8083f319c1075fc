import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseResolverServer } from '../../src/egress/resolver-server.ts'

const forms = 'system, udp://ADDRESS:PORT, tcp://ADDRESS:PORT, tls://ADDRESS:PORT#NAME or https://ADDRESS:PORT/PATH#NAME'

test.each([
  ['system', { kind: 'system' }],
  ['udp://192.0.2.53', { kind: 'udp', host: '192.0.2.53', port: 53 }],
  ['udp://192.0.2.53:5353', { kind: 'udp', host: '192.0.2.53', port: 5353 }],
  ['udp://[2001:DB8::53]', { kind: 'udp', host: '2001:db8::53', port: 53 }],
  ['udp://[2001:db8::53]:5353', { kind: 'udp', host: '2001:db8::53', port: 5353 }],
  ['tcp://192.0.2.53', { kind: 'tcp', host: '192.0.2.53', port: 53 }],
  ['tls://192.0.2.53', { kind: 'tls', host: '192.0.2.53', port: 853, name: null }],
  ['tls://[2001:db8::53]:8853#DNS.example', { kind: 'tls', host: '2001:db8::53', port: 8853, name: 'dns.example' }],
  ['https://192.0.2.53/dns-query', { kind: 'https', host: '192.0.2.53', port: 443, name: null, path: '/dns-query' }],
  ['https://[2001:db8::53]:8443/?a=b#dns.example', { kind: 'https', host: '2001:db8::53', port: 8443, name: 'dns.example', path: '/?a=b' }],
])('%s is a resolver', (text, server) => {
  expect(parseResolverServer(text)).toEqual(server)
})

test.each([
  ['', `"" is not a resolver (${forms})`],
  ['192.0.2.53', `"192.0.2.53" is not a resolver (${forms}), did you mean "udp://192.0.2.53"?`],
  ['2001:db8::53', `"2001:db8::53" is not a resolver (${forms}), did you mean "udp://[2001:db8::53]"?`],
  ['quic://192.0.2.53', `"quic://192.0.2.53": quic is not a kind of resolver; write ${forms}`],
  ['constructor://192.0.2.53', `"constructor://192.0.2.53": constructor is not a kind of resolver; write ${forms}`],
  [
    'https://dns.example/dns-query',
    'resolver "https://dns.example/dns-query": a server is given by its address, not by a name, as in https://ADDRESS/dns-query#dns.example',
  ],
  [
    'tls://192.0.2.53#192.0.2.53',
    'resolver "tls://192.0.2.53#192.0.2.53": "#192.0.2.53" is not needed: without "#" the certificate must name the address',
  ],
  ['tls://192.0.2.53#', 'resolver "tls://192.0.2.53#": the host is empty'],
  ['tls://192.0.2.53/x', 'resolver "tls://192.0.2.53/x": only https has a path'],
  ['tcp://192.0.2.53#dns.example', 'resolver "tcp://192.0.2.53#dns.example": only tls and https have a certificate that "#" could name'],
  ['https://192.0.2.53', 'resolver "https://192.0.2.53": the path is missing, as in https://192.0.2.53/dns-query'],
  ['https://192.0.2.53/a b', 'resolver "https://192.0.2.53/a b": "/a b" is not a path'],
  ['https://user@192.0.2.53/', 'resolver "https://user@192.0.2.53/": "user@192.0.2.53" holds a character that no host name has'],
  ['udp://dns.example', 'resolver "udp://dns.example": a server is given by its address, not by a name'],
  ['udp://2001:db8::53:53', 'resolver "udp://2001:db8::53:53": write an IPv6 address in brackets, as in udp://[2001:db8::53:53]:53'],
  ['udp://192.0.2.53:0', 'resolver "udp://192.0.2.53:0": "0" is not a port (1–65535)'],
  ['udp://192.0.2.53/', 'resolver "udp://192.0.2.53/": only https has a path'],
])('%s is told what is wrong', (text, problem) => {
  expect(parseResolverServer(text)).toEqual({ problem })
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.tuple(fc.constantFrom('udp', 'tcp', 'tls', 'https'), fc.string()).map(([kind, rest]) => `${kind}://${rest}`),
        fc.tuple(fc.constantFrom('tls', 'https'), fc.string()).map(([kind, rest]) => `${kind}://192.0.2.53${rest}`),
      ),
      (text) => void parseResolverServer(text),
    ),
  )
})
