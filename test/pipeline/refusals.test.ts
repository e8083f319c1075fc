import { expect, test } from 'vitest'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { type RefusalSettings, refusalOf, refusalOfPort } from '../../src/pipeline/refusals.ts'
import { endpoint, hostname, ip, NOON } from '../policy/words.ts'

const settings: RefusalSettings = {
  deniedPorts: [25, 465],
  localNames: ['internal', 'home.arpa'].map(hostname),
  ownDoors: { has: (address, port) => ['127.0.0.1', '192.168.1.2'].includes(address) && port === 8080 },
}

const flow = (asked: string): Flow => ({
  id: 'a-flow' as FlowId,
  openedAt: NOON,
  inbound: 'mixed',
  network: 'tcp',
  client: { host: ip('192.0.2.10'), port: 50_000 },
  who: anonymous,
  asked: endpoint(asked),
})

const refusal = (asked: string, address: string) => refusalOf(ip(address), flow(asked), settings)

test('a denied port is refused before any look-up', () => {
  expect(refusalOfPort(flow('mail.example:25'), settings)).toBe('refuse.denied-port')
  expect(refusalOfPort(flow('mail.example:587'), settings)).toBeNull()
  expect(refusalOfPort(flow('23.192.228.7:465'), settings)).toBe('refuse.denied-port')
})

test.each(['10.0.0.5', '127.0.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.1', '224.0.0.1', '::1', 'fe80::1', 'fd00::1'])(
  'a public name may not lead to %s',
  (address) => expect(refusal('zoom.us:443', address)).toBe('refuse.local-answer'),
)

test.each(['64:ff9b::a00:5', '2002:a00:5::1', '2001:0:4136:e378:0:0:f5ff:fffa', '2001:67c::5efe:10.0.0.5', '::10.0.0.5'])(
  'nor to %s, in which a local address is embedded',
  (address) => expect(refusal('zoom.us:443', address)).toBe('refuse.local-answer'),
)

test.each(['wiki.internal:443', 'internal:443', 'printer:9100', 'localhost:3000', 'nas.home.arpa:80', '10.0.0.5:80'])(
  '%s may have a local address',
  (asked) => expect(refusal(asked, '10.0.0.5')).toBeNull(),
)

test.each(['evilinternal.com:443', 'internal.example.com:443', 'arpa.example:80'])('%s is a public name all the same', (asked) =>
  expect(refusal(asked, '10.0.0.5')).toBe('refuse.local-answer'),
)

test.each(['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', '64:ff9b::169.254.169.254', '2002:a9fe:a9fe::'])(
  'cloud metadata at %s is refused, whoever asks and however',
  (address) => {
    for (const asked of ['zoom.us:80', 'metadata.internal:80', 'metadata:80', `${ip(address)}:80`]) {
      expect(refusal(asked, address), asked).toBe('refuse.cloud-metadata')
    }
  },
)

test.each(['0.0.0.0', '0.1.2.3', '::', '64:ff9b::'])('%s is no destination', (address) =>
  expect(refusal('printer:80', address)).toBe('refuse.unspecified'),
)

test("Ringfence's own door is refused at its port, also through an embedded form, and only there", () => {
  expect(refusal('localhost:8080', '127.0.0.1')).toBe('refuse.own-door')
  expect(refusal('192.168.1.2:8080', '192.168.1.2')).toBe('refuse.own-door')
  expect(refusal('printer:8080', '64:ff9b::c0a8:102')).toBe('refuse.own-door')
  expect(refusal('localhost:8081', '127.0.0.1')).toBeNull()
})

test('an address on the Internet is never refused', () => {
  for (const address of ['23.192.228.7', '2606:4700::1111', '64:ff9b::808:808']) expect(refusal('zoom.us:443', address)).toBeNull()
})

test('a translator’s own prefix leads to the address inside, which must not be local', () => {
  expect(refusal('www.example.com:443', '64:ff9b:1::3451:97fa')).toBeNull()
  expect(refusal('www.example.com:443', '64:ff9b:1:fffe::a00:1')).toBe('refuse.local-answer')
})
