import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseResolverServer } from '../../src/egress/resolver-server.ts'

test.each([
  ['system', { kind: 'system' }],
  ['udp://192.0.2.53', { kind: 'udp', host: '192.0.2.53', port: 53 }],
  ['udp://192.0.2.53:5353', { kind: 'udp', host: '192.0.2.53', port: 5353 }],
  ['udp://[2001:DB8::53]', { kind: 'udp', host: '2001:db8::53', port: 53 }],
  ['udp://[2001:db8::53]:5353', { kind: 'udp', host: '2001:db8::53', port: 5353 }],
])('%s is a resolver', (text, server) => {
  expect(parseResolverServer(text)).toEqual(server)
})

test.each([
  ['', '"" is not a resolver (system or udp://ADDRESS:PORT)'],
  ['192.0.2.53', '"192.0.2.53" is not a resolver (system or udp://ADDRESS:PORT), did you mean "udp://192.0.2.53"?'],
  ['2001:db8::53', '"2001:db8::53" is not a resolver (system or udp://ADDRESS:PORT), did you mean "udp://[2001:db8::53]"?'],
  ['tls://192.0.2.53', '"tls://192.0.2.53": tls is not a kind of resolver; known are system and udp://ADDRESS:PORT'],
  ['udp://dns.example', 'resolver "udp://dns.example": a server is given by its address, not by a name'],
  ['udp://2001:db8::53:53', 'resolver "udp://2001:db8::53:53": write an IPv6 address in brackets, as in udp://[2001:db8::53:53]:53'],
  ['udp://192.0.2.53:0', 'resolver "udp://192.0.2.53:0": "0" is not a port (1–65535)'],
  ['udp://192.0.2.53/', 'resolver "udp://192.0.2.53/": "192.0.2.53/" holds a character that no host name has'],
])('%s is told what is wrong', (text, problem) => {
  expect(parseResolverServer(text)).toEqual({ problem })
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((rest) => `udp://${rest}`),
      ),
      (text) => void parseResolverServer(text),
    ),
  )
})
