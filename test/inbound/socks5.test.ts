import { describe, expect, test } from 'vitest'
import { ipToBytes } from '../../src/model/address.ts'
import { cidr } from '../../src/model/cidr.ts'
import { ip } from '../support/fake-ports.ts'
import { loginOf } from '../support/made-up-login.ts'
import { answersAfterFin, bannerFirst, echo, type Origin, startOrigin } from '../support/origin-server.ts'
import { type DoorOptions, notToChina, openProxy, policyText, type World } from '../support/proxy-under-test.ts'

const CHINA = '52.81.151.250'
const AMERICA = '170.114.1.1'
const V6 = '2001:db8:1::1'
const SILENT = '170.114.1.99'

const GREETING = '050100'
const CHOSEN = '0500'
const reply = (code: number): string => `05${code.toString(16).padStart(2, '0')}0001000000000000`

const port = (number: number): string => number.toString(16).padStart(4, '0')
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const toName = (name: string, at = 443): string =>
  `05010003${hexOf(Uint8Array.of(Buffer.byteLength(name)))}${hexOf(Buffer.from(name))}${port(at)}`
const toV4 = (address: string, at = 443): string => `05010001${hexOf(ipToBytes(ip(address)))}${port(at)}`
const toV6 = (address: string, at = 443): string => `05010004${hexOf(ipToBytes(ip(address)))}${port(at)}`

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')

/** The reply that names the proxy's own end of the latest connection to the origin. */
async function grantedBy(origin: Origin): Promise<string> {
  const { socket } = await origin.connection(origin.connections.length)
  return `050000017f000001${port(socket.remotePort ?? 0)}`
}

async function door(world: World & DoorOptions = {}) {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({
    names: { 'a.com': [AMERICA], 'china.com': [CHINA], 'xn--bcher-kva.example': [AMERICA] },
    routes: { [AMERICA]: origin.port, [V6]: origin.port, [SILENT]: 'silent' },
    ...world,
  })
  return { origin, proxy, client: await proxy.connect() }
}

describe('CONNECT', () => {
  test.each([
    ['a name', toName('a.com'), `${AMERICA}:443`, 'a.com'],
    ['a name in capitals with a dot at the end', toName('A.Com.'), `${AMERICA}:443`, 'a.com'],
    ['an IPv4 address', toV4(AMERICA), `${AMERICA}:443`, AMERICA],
    ['an IPv4 address as text', toName(AMERICA), `${AMERICA}:443`, AMERICA],
    ['an IPv4 address in disguise', toName('0xaa.114.257'), `${AMERICA}:443`, AMERICA],
    ['an IPv6 address as text', toName(V6), `[${V6}]:443`, V6],
    ['an IPv6 address as text in brackets', toName(`[${V6}]`), `[${V6}]:443`, V6],
    ['a name of another script', toName('bücher.example'), `${AMERICA}:443`, 'xn--bcher-kva.example'],
    ['an IPv6 address', toV6(V6), `[${V6}]:443`, V6],
    [
      'an IPv4 address that is mapped into IPv6',
      `05010004${'00'.repeat(10)}ffff${hexOf(ipToBytes(ip(AMERICA)))}01bb`,
      `${AMERICA}:443`,
      AMERICA,
    ],
  ])('to %s', async (_, request, dialled, asked) => {
    const { origin, proxy, client } = await door()
    client.send(bytes(GREETING))
    await client.receivesBytes(2)
    client.send(bytes(request))
    await client.receivesBytes(12)
    expect(client.bytes.toString('hex')).toBe(CHOSEN + (await grantedBy(origin)))
    client.send('ping')
    await client.receives('ping')
    expect(proxy.dialer.tried).toEqual([dialled])
    expect(proxy.writer.decided[0]?.personal.asked).toBe(asked)
  })

  test('greeting, request and data in one segment', async () => {
    const { origin, client } = await door()
    client.send(Buffer.concat([bytes(GREETING + toName('a.com')), Buffer.from('early')]))
    await client.receives('early')
    expect(client.bytes.toString('hex')).toBe(CHOSEN + (await grantedBy(origin)) + hexOf(Buffer.from('early')))
  })

  test('byte by byte', async () => {
    const { origin, client } = await door()
    await client.drip(Buffer.concat([bytes(GREETING + toName('a.com')), Buffer.from('data')]))
    await client.receives('data')
    expect(client.bytes.toString('hex')).toBe(CHOSEN + (await grantedBy(origin)) + hexOf(Buffer.from('data')))
  })

  test('everything at once and the end behind it: the answer still arrives', async () => {
    const origin = await startOrigin(answersAfterFin((said) => `you said ${said}`))
    const { client } = await door({ routes: { [AMERICA]: origin.port } })
    client.send(Buffer.concat([bytes(GREETING + toV4(AMERICA)), Buffer.from('all')]))
    client.end()
    expect(await client.receivesEnd()).toMatch(/you said all$/)
  })

  test('a server that speaks first', async () => {
    const origin = await startOrigin(bannerFirst('220 ready'))
    const { client } = await door({ routes: { [AMERICA]: origin.port } })
    client.send(bytes(GREETING + toV4(AMERICA)))
    await client.receives('220 ready')
  })

  test('granted before anything was dialled, since the first bytes are wanted for the verdict, the reply names no address', async () => {
    const { client } = await door({ policy: policyText('enforce', '{ name: one-name, traffic: { host: [b.com] }, never: [US] }') })
    client.send(bytes(GREETING + toV4(AMERICA)))
    await client.receivesBytes(12)
    expect(client.bytes.toString('hex')).toBe(CHOSEN + reply(0))
    client.send('ping')
    await client.receives('ping')
  })

  test('among several offered methods, the one without authentication is chosen', async () => {
    const { origin, client } = await door()
    client.send(bytes(`05030201 00${toV4(AMERICA)}`.replace(' ', '')))
    await client.receivesBytes(12)
    expect(client.bytes.toString('hex')).toBe(CHOSEN + (await grantedBy(origin)))
  })
})

describe('with a login', () => {
  const OFFER = '050102'
  const ASKED = '0502'
  const counted = (text: string) => hexOf(Uint8Array.of(Buffer.byteLength(text))) + hexOf(Buffer.from(text))
  const login = (name: string, password: string) => `01${counted(name)}${counted(password)}`
  const anna = () => door({ login: loginOf({ anna: 'pä:ss' }) })

  test('the right one opens the tunnel, and the flow knows who asked', async () => {
    const { origin, proxy, client } = await anna()
    client.send(bytes(OFFER))
    await client.receivesBytes(2)
    client.send(bytes(login('anna', 'pä:ss')))
    await client.receivesBytes(4)
    client.send(bytes(toName('a.com')))
    await client.receivesBytes(14)
    expect(client.bytes.toString('hex')).toBe(`${ASKED}0100${await grantedBy(origin)}`)
    expect(proxy.offers[0]?.flow.who).toEqual({ name: 'anna', groups: ['staff'], by: 'password' })
  })

  test('everything in one segment, and byte by byte', async () => {
    const all = Buffer.concat([bytes(`0503000102${login('anna', 'pä:ss')}${toName('a.com')}`), Buffer.from('early')])
    for (const send of ['at once', 'drip']) {
      const { origin, client } = await anna()
      if (send === 'drip') await client.drip(all)
      else client.send(all)
      await client.receives('early')
      expect(client.bytes.toString('hex')).toBe(`${ASKED}0100${await grantedBy(origin)}${hexOf(Buffer.from('early'))}`)
    }
  })

  test.each([
    ['a wrong password', 'anna', 'wrong', 'anna'],
    ['an unknown name', 'my secret', 'anna', null],
    ['empty words', '', '', null],
  ])('%s is answered 1 and closed, and what is glued behind it is not read', async (_, name, password, told) => {
    const { proxy, client } = await anna()
    client.send(bytes(OFFER + login(name, password) + toName('a.com')))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(`${ASKED}0101`)
    expect([proxy.offers, proxy.loginsFailed, proxy.malformed]).toEqual([[], [told], []])
  })

  test.each([
    ['of another version', '0504616e6e61'],
    ['that is not UTF-8', '0101ff0161'],
  ])('one %s is answered 1 and closed', async (_, message) => {
    const { proxy, client } = await anna()
    client.send(bytes(OFFER + message))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(`${ASKED}0101`)
    expect([proxy.offers, proxy.loginsFailed, proxy.malformed.length]).toEqual([[], [], 1])
  })

  test('a client that offers none is told that no method is acceptable', async () => {
    const { proxy, client } = await anna()
    client.send(bytes(GREETING + toName('a.com')))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe('05ff')
    expect([proxy.offers, proxy.malformed]).toEqual([[], ['SOCKS5: the client offers no login by password']])
  })

  test('a check that takes longer than a handshake may is cut', async () => {
    const { proxy, client } = await door({ login: loginOf({ anna: 'x' }, true), headMs: 200 })
    client.send(bytes(OFFER + login('anna', 'x')))
    await client.until('the connection to be over', () => client.ended || client.closed)
    expect([proxy.offers, proxy.failed.length, proxy.loginsFailed]).toEqual([[], 1, []])
  })

  test('a client that leaves before it says who it is leaves nothing behind', async () => {
    const { proxy, client } = await anna()
    client.send(bytes(`${OFFER}0104616e`))
    client.end()
    await client.until('the connection to be over', () => client.ended || client.closed)
    expect([proxy.offers, proxy.malformed, proxy.loginsFailed]).toEqual([[], [], []])
  })
})

test('a client in a network with groups is in them', async () => {
  const { proxy, client } = await door({ clients: [{ ...cidr('127.0.0.0/8'), groups: ['office'] }] })
  client.send(bytes(GREETING + toName('a.com')))
  await client.receivesBytes(12)
  expect(proxy.offers[0]?.flow.who).toEqual({ name: 'anonymous', groups: ['office'], by: null })
})

describe('refusals', () => {
  test.each([
    ['by policy: 2', toName('china.com'), 2],
    ['a name that does not exist: 4', toName('nowhere.test'), 4],
    ['a destination that refuses: 5', toV4('103.255.1.1'), 5],
    ['a denied port: 2', toV4(AMERICA, 25), 2],
    ['the unspecified address: 2', toV4('0.0.0.0'), 2],
    ['a destination that is silent: 6', toV4(SILENT), 6],
  ])('%s', async (_, request, code) => {
    const { proxy, client } = await door({
      policy: policyText('enforce', notToChina),
      places: { [CHINA]: 'CN', [SILENT]: 'US', '103.255.1.1': 'IN', [AMERICA]: 'US' },
      dialMs: 300,
    })
    client.send(bytes(GREETING + request))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(CHOSEN + reply(code))
    expect(proxy.writer.decided).toHaveLength(1)
    client.end()
    await client.until('the connection to close', () => client.closed)
    expect(client.errno).toBeNull()
  })

  test.each([
    ['BIND: 7', `05020001${hexOf(ipToBytes(ip(AMERICA)))}01bb`, 7],
    ['BIND, whatever follows: 7', '05020009', 7],
    ['a command that nobody knows, before the rest has come: 7', '0509', 7],
    ['UDP ASSOCIATE from a type of address that nobody knows: 8', '05030002', 8],
    ['an address type that nobody knows: 8', '05010009', 8],
    ['port 0: 1', toV4(AMERICA, 0), 1],
    ['a name with a NUL: 1', toName('localhost\0.x'), 1],
    ['a name with a slash: 1', toName('a/b'), 1],
    ['an empty name: 1', toName(''), 1],
    ['a name of 255 bytes: 1', toName('a'.repeat(255)), 1],
    ['a name with two dots: 1', toName('a..com'), 1],
    ['a name that is not UTF-8: 1', '0501000302ff fe01bb'.replace(' ', ''), 1],
    ['a request of another version: 1', '04010001', 1],
  ])('%s, and it never becomes a flow', async (_, request, code) => {
    const { proxy, client } = await door()
    client.send(bytes(GREETING + request))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(CHOSEN + reply(code))
    expect(proxy.offers).toEqual([])
    expect(proxy.malformed).toHaveLength(1)
  })

  test.each([
    ['only a password', '050102'],
    ['nothing', '0500'],
  ])('a client that offers %s is told that no method is acceptable', async (_, greeting) => {
    const { proxy, client } = await door()
    client.send(bytes(greeting))
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe('05ff')
    expect(proxy.malformed).toHaveLength(1)
  })

  test.each(['0x7f.1', '2130706433', '017700000001', '127.1', '１２７。0。0。1'])(
    '%s is the loopback address, judged as such and not looked up',
    async (text) => {
      const { proxy, client } = await door({ routes: {} })
      client.send(bytes(GREETING + toName(text, proxy.port)))
      await client.receivesEnd()
      expect(client.bytes.toString('hex')).toBe(CHOSEN + reply(2))
      expect(proxy.resolver.asked).toEqual([])
      expect(proxy.writer.decided[0]).toMatchObject({ reasons: [{ code: 'refuse.own-door' }], personal: { asked: '127.0.0.1' } })
    },
  )
})

test('a client that leaves in the middle of the handshake leaves nothing behind', async () => {
  const { proxy, client } = await door()
  client.send(bytes('0501'))
  client.end()
  await client.until('the connection to be over', () => client.ended || client.closed)
  const other = await proxy.connect()
  other.send(bytes(`${GREETING}0501`))
  other.end()
  await other.until('the connection to be over', () => other.ended || other.closed)
  expect([proxy.offers, proxy.malformed]).toEqual([[], []])
})

test('a handshake that takes too long is cut', async () => {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({ headMs: 200, routes: { [AMERICA]: origin.port } })
  const client = await proxy.connect()
  client.send(bytes(GREETING))
  await client.until('the connection to be over', () => client.ended || client.closed)
  expect(proxy.failed).toHaveLength(1)
  expect(proxy.offers).toEqual([])
})
