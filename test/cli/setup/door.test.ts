import { expect, test } from 'vitest'
import { doorAt, hostAndPort } from '../../../src/cli/setup/door.ts'
import type { InboundSettings } from '../../../src/config/settings.ts'
import { cidr } from '../../../src/model/cidr.ts'
import { ip } from '../../policy/words.ts'

type Inbound = Pick<InboundSettings, 'name' | 'listen' | 'login' | 'tls' | 'balancers'>

const tls = { certificate: 'door.crt', key: 'door.key', clients: null }
const door = (name: string, host: string, port: number, more: Partial<Inbound> = {}): Inbound => ({
  name,
  listen: { host: ip(host), port },
  login: 'none',
  tls: null,
  balancers: [],
  ...more,
})
const office = door('office', '10.20.0.1', 8080, { tls, login: 'required' })
const here = door('here', '127.0.0.1', 8081)
const meant = (written: string, ...[first, ...others]: readonly [Inbound, ...Inbound[]]) => {
  const { at, login, secure } = doorAt(written, undefined, [first, ...others])
  return `${secure ? 'https' : 'http'}://${login ? 'USER:PASSWORD@' : ''}${at}`
}

test.each([
  ['10.20.0.1:8080', 'https://USER:PASSWORD@10.20.0.1:8080'],
  ['10.20.0.1', 'https://USER:PASSWORD@10.20.0.1:8080'],
  ['192.0.2.7:8080', 'https://USER:PASSWORD@192.0.2.7:8080'],
  ['proxy.corp.example:8080', 'https://USER:PASSWORD@proxy.corp.example:8080'],
  ['proxy.corp.example', 'https://USER:PASSWORD@proxy.corp.example:8080'],
  ['127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ['localhost', 'http://localhost:8081'],
])('%s is the door with that address, else one with that port that is reached there', (written, url) => {
  expect(meant(written, here, office)).toBe(url)
  expect(meant(written, office, here)).toBe(url)
})

test.each(['10.20.0.1:8081', '10.20.0.1:443', 'proxy.corp.example:8081', '127.0.0.1:8080', '127.0.0.1:443'])(
  'no door is at %s, and the doors are listed',
  (written) => {
    expect(() => meant(written, office, here)).toThrow(
      `--proxy-host: no door is at ${written} (doors: office at 10.20.0.1:8080 in TLS, here at 127.0.0.1:8081); where something forwards to one of them, say to which: --door NAME`,
    )
  },
)

test('an address that has a door of its own is not that of another door', () => {
  expect(() => meant('10.20.0.1:9', office, door('other', '10.30.0.1', 9))).toThrow(/no door is at 10\.20\.0\.1:9 /)
  expect(meant('10.20.0.1:9', office, door('every', '0.0.0.0', 9))).toBe('http://10.20.0.1:9')
})

test('where more than one may be meant it must be said, unless the text is the same', () => {
  const other = door('other', '10.30.0.1', 8080)
  expect(() => meant('proxy.example', office, other)).toThrow(
    '--proxy-host: more than one door may be meant by proxy.example (office at 10.20.0.1:8080 in TLS, other at 10.30.0.1:8080); give its port too, or --door NAME',
  )
  expect(() => meant('proxy.example:8080', office, other)).toThrow(/say which: --door NAME$/)
  expect(meant('proxy.example', door('four', '0.0.0.0', 1), door('six', '::', 1))).toBe('http://proxy.example:1')
})

test('a name for it beats its address, and one that no door has is refused', () => {
  expect(doorAt('gate.example:443', 'office', [here, office])).toEqual({
    at: 'gate.example:443',
    host: 'gate.example',
    port: 443,
    login: true,
    secure: true,
  })
  expect(doorAt('gate.example', 'office', [here, office]).at).toBe('gate.example:8080')
  expect(() => doorAt('x', 'offce', [here, office])).toThrow(/^--door: there is no door "offce", did you mean "office"\? \(doors: here at /)
})

test('of one door there is no doubt', () => {
  expect(meant('gate.example:443', here)).toBe('http://gate.example:443')
  expect(meant('[2001:db8::1]:9', here)).toBe('http://[2001:db8::1]:9')
})

test('a door on loopback behind a load balancer is one that others reach', () => {
  expect(meant('gate.example:8081', office, { ...here, balancers: [cidr('127.0.0.1')] })).toBe('http://gate.example:8081')
})

test.each([
  ['https://x:1', '--x: write HOST:PORT, without https://'],
  ['SOCKS5H://x', '--x: write HOST:PORT, without SOCKS5H://'],
  ['anna:secret@x:1', '--x: write HOST:PORT, without a name and a password'],
])('%s is no host and port, in words that say what to write', (written, says) => {
  expect(() => hostAndPort(written, '--x')).toThrow(says)
})

test('a port is known, or not given', () => {
  expect(hostAndPort('x:1', '--x').port).toBe(1)
  expect(hostAndPort('[::1]', '--x').port).toBe(null)
  expect(() => hostAndPort('x:0', '--x')).toThrow('--x: "0" is not a port (1–65535)')
})
