import { once } from 'node:events'
import tls from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DoorTls } from '../../src/inbound/tls.ts'
import { issueForDoor, makeAuthority } from '../support/certificates.ts'
import { bannerFirst, startOrigin } from '../support/origin-server.ts'
import { eventually, notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { Peer } from '../support/socket-pair.ts'
import { associate, datagramTo, echo, startUdp } from '../support/udp-client.ts'

const AMERICA = '170.114.1.1'
const INDIA = '103.255.1.1'
const CHINA = '52.81.151.250'
const V6 = '2001:db8:1::1'

const enforced = policyText('enforce', notToChina)

async function world(options: Parameters<typeof openProxy>[0] = {}) {
  const origin = await startUdp(echo)
  const proxy = await openProxy({
    policy: enforced,
    names: { 'a.com': [AMERICA], 'china.com': [CHINA], 'both.com': [CHINA, AMERICA] },
    routes: { [AMERICA]: origin.port, [V6]: origin.port, [CHINA]: origin.port },
    ...options,
  })
  return { origin, proxy }
}

describe('datagrams', () => {
  test.each([
    ['to an IPv4 address', AMERICA, AMERICA],
    ['to an IPv6 address, from a client over IPv4', V6, V6],
    ['to a name, whose answers come from its address', 'a.com', AMERICA],
    ['to a name in capitals with a dot at the end', 'A.Com.', AMERICA],
    ['to an address as text', '0xaa.0x72.1.1', AMERICA],
  ])('%s go there, and the answer comes back', async (_, host, from) => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    client.send(host, 53, 'one')
    await client.receives(from, 53, 'echo one')
    client.send(host, 53, 'two')
    await client.receives(from, 53, 'echo two')
    client.control.end()
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ network: 'udp', port: 53, verdict: 'allow' }])
    expect(proxy.writer.decided[0]?.personal.client).toBe(`127.0.0.1:${client.udp.port}`)
    expect(proxy.writer.ended).toMatchObject([
      { ending: 'completed', code: null, dialled: from, connect_ms: null, up: 6, down: 16, datagrams: { up: 2, down: 2 } },
    ])
    expect(proxy.datagramsLost).toEqual([])
  })

  test('a name is resolved once for the session', async () => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    for (let i = 0; i < 5; i++) client.send('a.com', 53, `${i}`)
    for (let i = 0; i < 5; i++) await client.receives(AMERICA, 53, `echo ${i}`)
    expect(proxy.resolver.asked).toEqual(['a.com'])
  })

  test('each destination is a flow of its own', async () => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    for (const [host, port] of [
      [AMERICA, 53],
      [AMERICA, 54],
      ['a.com', 53],
    ] as const)
      client.send(host, port, 'x')
    for (const port of [53, 54]) await client.receives(AMERICA, port, 'echo x')
    await eventually('three flows', () => proxy.writer.decided.length === 3)
  })

  test('an empty one is one, too', async () => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, '')
    await client.receives(AMERICA, 53, 'echo ')
    expect(origin.received).toEqual([''])
  })

  test('one of the largest size passes', async () => {
    const sizes: number[] = []
    const origin = await startUdp((text) => `${sizes.push(text.length)}`)
    const { proxy } = await world({ routes: { [AMERICA]: origin.port } })
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, Buffer.alloc(65_507 - 10))
    await client.receives(AMERICA, 53, '1')
    expect(sizes).toEqual([65_497])
  })

  test('an answer that the header makes too large for a datagram is lost, and the session goes on', async () => {
    const origin = await startUdp((text) => (text === 'large' ? 'x'.repeat(65_507) : 'small'))
    const { proxy } = await world({ routes: { [AMERICA]: origin.port } })
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, 'large')
    client.send(AMERICA, 53, 'more')
    await client.receives(AMERICA, 53, 'small')
    expect(client.udp.received).toHaveLength(1)
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost[0]).toMatchObject({ excess: 1 })
    expect(proxy.writer.ended).toMatchObject([{ up: 9, down: 5 }])
  })
})

test('over IPv6, on both sides or on one', async () => {
  const { proxy } = await world({ host: '::1' })
  const client = await associate(proxy.port, { host: '::1' })
  for (const destination of [V6, AMERICA]) {
    client.send(destination, 53, 'x')
    await client.receives(destination, 53, 'echo x')
  }
  expect(proxy.writer.decided[0]?.personal.client).toBe(`[::1]:${client.udp.port}`)
})

describe('the verdict', () => {
  test.each([
    ['an address', CHINA],
    ['a name', 'china.com'],
  ])('%s outside is refused without a word, once in the records, and nothing leaves', async (_, host) => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    for (let i = 0; i < 5; i++) client.send(host, 53, 'x')
    await proxy.flowsOver(1)
    for (let i = 0; i < 5; i++) client.send(host, 53, 'x')
    client.send(AMERICA, 53, 'still here')
    await client.receives(AMERICA, 53, 'echo still here')
    expect(origin.received).toEqual(['still here'])
    expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['block', 'allow'])
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost[0]?.refused).toBeGreaterThan(0)
  })

  test('of a name with addresses inside and outside, the one inside is taken', async () => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    client.send('both.com', 53, 'x')
    await client.receives(AMERICA, 53, 'echo x')
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'allow', would: 'steer' }])
  })

  test('observing lets it through, and says what enforcing would have done', async () => {
    const { proxy } = await world({ policy: policyText('observe', notToChina) })
    const client = await associate(proxy.port)
    client.send('china.com', 53, 'x')
    await client.receives(CHINA, 53, 'echo x')
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'allow', would: 'block' }])
  })

  test('a policy that comes into force cuts the session, and the next datagram is judged by it', async () => {
    const { origin, proxy } = await world({ policy: policyText('enforce') })
    const client = await associate(proxy.port)
    client.send(CHINA, 53, 'x')
    await client.receives(CHINA, 53, 'echo x')
    expect(await proxy.take(enforced)).toBe(1)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'cut', code: 'policy.cut' }])
    client.send(CHINA, 53, 'y')
    await proxy.flowsOver(2)
    expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['allow', 'block'])
    expect(origin.received).toEqual(['x'])
    expect(client.control.state).toBe('open')
  })

  test('a fence on UDP alone does not touch TCP', async () => {
    const { proxy } = await world({ policy: policyText('enforce', '{ name: no-udp, traffic: { network: udp }, never: anywhere }') })
    const client = await associate(proxy.port)
    client.send('a.com', 53, 'x')
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', reasons: [{ fence: 'no-udp' }] }])
    expect(proxy.resolver.asked).toEqual([])
  })

  test.each([
    ['a denied port', AMERICA, 25, 'refuse.denied-port'],
    ['a cloud metadata service', '169.254.169.254', 80, 'refuse.cloud-metadata'],
    ['the unspecified address', '0.0.0.0', 53, 'refuse.unspecified'],
  ])('%s is refused in every mode', async (_, host, port, code) => {
    const { proxy } = await world({ policy: policyText('observe') })
    const client = await associate(proxy.port)
    client.send(host, port, 'x')
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', reasons: [{ code }] }])
  })

  test('an association is no destination: neither its own nor that of another client', async () => {
    const { proxy } = await world({ policy: policyText('observe') })
    const [client, other] = [await associate(proxy.port), await associate(proxy.port)]
    client.send('127.0.0.1', client.at, 'x')
    client.send('127.0.0.1', other.at, datagramTo(AMERICA, 53, 'x'))
    await proxy.flowsOver(2)
    for (const { reasons } of proxy.writer.decided) expect(reasons).toMatchObject([{ code: 'refuse.own-door' }])
    // Its port is that of a UDP socket: over TCP it is nobody's.
    expect(proxy.doors.has('127.0.0.1' as never, other.at, 'tcp')).toBe(false)
    other.control.end()
    await eventually('the port to be given back', () => !proxy.doors.has('127.0.0.1' as never, other.at, 'udp'))
  })

  test('where the record cannot be written nothing passes', async () => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    proxy.writer.break()
    client.send(AMERICA, 53, 'x')
    await proxy.flowsOver(1)
    expect(origin.received).toEqual([])
  })

  test('upstream proxies carry no UDP, and nothing goes round them', async () => {
    const { origin, proxy } = await world({ hops: [{ host: AMERICA as never, port: 1080 }] })
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, 'x')
    await proxy.flowsOver(1)
    expect(origin.received).toEqual([])
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', reasons: [{ code: 'upstream.no-udp' }] }])
  })
})

describe('what waits for the verdict', () => {
  test('is passed on in order, up to a limit', async () => {
    const { origin, proxy } = await world()
    const go = proxy.writer.hold()
    const client = await associate(proxy.port)
    for (let i = 0; i < 20; i++) client.send(AMERICA, 53, `${i}`)
    client.send(AMERICA, 54, 'last')
    await eventually('all to have come', () => proxy.datagramOffers.length === 2)
    go()
    await client.receives(AMERICA, 54, 'echo last')
    await client.receives(AMERICA, 53, 'echo 15')
    expect(origin.received.filter((text) => text !== 'last')).toEqual(Array.from({ length: 16 }, (_, i) => `${i}`))
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost[0]).toMatchObject({ excess: 4 })
  })

  test('a slow name holds up no other destination', async () => {
    const { proxy } = await world({ names: { 'slow.com': 'never' } })
    const client = await associate(proxy.port)
    client.send('slow.com', 53, 'x')
    client.send(AMERICA, 53, 'y')
    await client.receives(AMERICA, 53, 'echo y')
    client.control.end()
    await proxy.flowsOver(2)
  })
})

describe('strangers and nonsense', () => {
  test('only the client that asked is heard, from the first datagram on', async () => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    const [stranger, neighbour] = [await startUdp(undefined, '127.0.0.2'), await startUdp()]
    stranger.send(datagramTo(AMERICA, 53, 'stolen'), client.at, '127.0.0.1')
    await eventually('the stranger to be heard', () => stranger.port > 0)
    client.send(AMERICA, 53, 'mine')
    await client.receives(AMERICA, 53, 'echo mine')
    // The same machine, another port: the first one counts.
    neighbour.send(datagramTo(AMERICA, 53, 'late'), client.at)
    client.send(AMERICA, 53, 'again')
    await client.receives(AMERICA, 53, 'echo again')
    expect(origin.received).toEqual(['mine', 'again'])
    expect([stranger.received, neighbour.received]).toEqual([[], []])
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost).toMatchObject([{ strangers: 2 }])
  })

  test('a port that the request names is the only one that is heard', async () => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port, { says: 'own' })
    const neighbour = await startUdp()
    neighbour.send(datagramTo(AMERICA, 53, 'first'), client.at)
    client.send(AMERICA, 53, 'mine')
    await client.receives(AMERICA, 53, 'echo mine')
    expect(origin.received).toEqual(['mine'])
  })

  test.each([
    ['its own address with port 0', { names: '127.0.0.1' }],
    ['another address, as behind NAT, with a port that is none of its own here', { names: '192.168.1.7', says: 5_555 }],
  ])('a client that names %s is heard all the same', async (_, options) => {
    const { proxy } = await world()
    const client = await associate(proxy.port, options)
    client.send(AMERICA, 53, 'x')
    await client.receives(AMERICA, 53, 'echo x')
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a cut header', datagramTo(AMERICA, 53, '').subarray(0, 9)],
    ['reserved bytes that are not zero', Buffer.from('0001000101020304003578', 'hex')],
    ['an unknown type of address', Buffer.from('00000005010203040035', 'hex')],
    ['port 0', datagramTo(AMERICA, 0, 'x')],
    ['an empty name', datagramTo('', 53, 'x')],
    ['a name with a NUL', datagramTo('a.com\0', 53, 'x')],
    ['a name with a slash', datagramTo('a/b', 53, 'x')],
    ['a name that is not UTF-8', Buffer.from('0000000302fffe003578', 'hex')],
  ])('%s is ignored and counted, and does not pin the port', async (_, bytes) => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    const neighbour = await startUdp()
    neighbour.send(bytes, client.at)
    client.sendRaw(bytes)
    client.send(AMERICA, 53, 'good')
    await client.receives(AMERICA, 53, 'echo good')
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost).toEqual([{ strangers: 0, malformed: 2, fragments: 0, refused: 0, excess: 0 }])
    expect(proxy.writer.decided).toHaveLength(1)
  })

  test('fragments are dropped', async () => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    for (const fragment of [1, 2, 0x83]) client.send(AMERICA, 53, 'piece', fragment)
    client.send(AMERICA, 53, 'whole')
    await client.receives(AMERICA, 53, 'echo whole')
    expect(origin.received).toEqual(['whole'])
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost[0]).toMatchObject({ fragments: 3, malformed: 0 })
  })

  test('an answer from anywhere but the destination is not passed on', async () => {
    const stranger = await startUdp()
    const ports: number[] = []
    const { default: dgram } = await import('node:dgram')
    const origin = dgram.createSocket('udp4')
    await new Promise<void>((resolve) => origin.bind(0, '127.0.0.1', resolve))
    origin.on('message', (message, { port }) => {
      ports.push(port)
      stranger.send(Buffer.from('forged'), port)
      origin.send(`true ${message}`, port, '127.0.0.1')
    })
    const { proxy } = await world({ routes: { [AMERICA]: origin.address().port } })
    const client = await associate(proxy.port)
    for (const text of ['1', '2']) {
      client.send(AMERICA, 53, text)
      await client.receives(AMERICA, 53, `true ${text}`)
    }
    expect(client.udp.received).toHaveLength(2)
    expect(ports).toHaveLength(2)
    origin.close()
  })
})

describe('its end', () => {
  test.each([
    ['with a FIN of its connection', (client: { control: Peer }) => client.control.end(), 'completed'],
    ['with a reset of it', (client: { control: Peer }) => client.control.reset(), 'client-gone'],
  ])('comes %s: the flows end, the port is given back', async (_, end, ending) => {
    const { origin, proxy } = await world()
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, 'x')
    await client.receives(AMERICA, 53, 'echo x')
    end(client)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending }])
    await eventually('the port to be given back', () => !proxy.doors.has('127.0.0.1' as never, client.at, 'udp'))
    client.send(AMERICA, 53, 'y')
    expect(origin.received).toEqual(['x'])
  })

  test('what the client says on the connection changes nothing', async () => {
    const { proxy } = await world()
    const client = await associate(proxy.port)
    client.control.send('x'.repeat(100_000))
    client.send(AMERICA, 53, 'x')
    await client.receives(AMERICA, 53, 'echo x')
    expect(client.control.state).toBe('open')
  })

  test('a destination to which nothing moves is over, and is asked for anew', async () => {
    const { proxy } = await world({ udpIdleMs: 100 })
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, 'x')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'idle', code: 'relay.idle' }])
    client.send(AMERICA, 53, 'y')
    await client.receives(AMERICA, 53, 'echo y')
    expect(proxy.writer.decided).toHaveLength(2)
  })

  test('a destination that refuses by ICMP is over, and left alone for a moment', async () => {
    const { origin, proxy } = await world()
    await origin.close()
    const client = await associate(proxy.port)
    client.send(AMERICA, 53, 'x')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code: 'dial.refused' }])
    client.send(AMERICA, 53, 'y')
    client.send(INDIA, 53, 'z')
    await proxy.flowsOver(2)
    expect(proxy.writer.decided).toHaveLength(2)
  })

  test('an association to which nothing moves is closed like an idle tunnel', async () => {
    const { proxy } = await world({ idleMs: 100 })
    const client = await associate(proxy.port)
    await client.control.receivesEnd()
  })

  test('a door that stops closes what rests at once, and the rest after its grace', async () => {
    const { proxy } = await world()
    const [resting, busy] = [await associate(proxy.port), await associate(proxy.port)]
    busy.send(AMERICA, 53, 'x')
    await busy.receives(AMERICA, 53, 'echo x')
    const stopped = proxy.stop(300)
    await resting.control.receivesEnd()
    busy.send(AMERICA, 53, 'y')
    await busy.receives(AMERICA, 53, 'echo y')
    await stopped
    expect(proxy.writer.ended).toMatchObject([{ ending: 'shutdown', code: 'run.shutdown' }])
  })
})

test('a client has a limited number of associations, and a closed one makes room', async () => {
  const { proxy } = await world({ associations: 2 })
  const [first] = [await associate(proxy.port), await associate(proxy.port)]
  await expect(associate(proxy.port)).rejects.toThrow('05010001')
  expect(proxy.malformed).toEqual(['SOCKS5: more UDP associations than limits.associations_per_client permits'])
  first.control.end()
  await first.control.until('it to close', () => first.control.closed)
  await associate(proxy.port)
})

test('each destination takes the place of a connection', async () => {
  let places = 1
  const enter = () => {
    if (places === 0) return null
    places--
    return { seat: () => true, leave: () => void places++ }
  }
  const { proxy } = await world()
  expect(enter()).not.toBeNull()
  const limited = await openProxy({
    policy: enforced,
    routes: { [AMERICA]: (await startUdp(echo)).port },
    admission: { enter: () => (places === 0 ? { seat: () => true, leave: () => undefined } : null), outOfDescriptors: () => undefined },
  })
  const client = await associate(limited.port)
  places = 1
  client.send(AMERICA, 53, 'x')
  client.control.end()
  await eventually('the loss to be told', () => limited.datagramsLost.length === 1)
  expect(limited.datagramsLost).toMatchObject([{ excess: 1 }])
  expect([limited.writer.decided, proxy.writer.decided]).toEqual([[], []])
})

test('the reply comes before any datagram, and glued requests and single bytes are understood', async () => {
  const { proxy } = await world()
  const control = await proxy.connect()
  await control.drip(Buffer.from('0501000503000100000000' + '0000', 'hex'))
  await control.receivesBytes(12)
  expect(control.bytes.subarray(2, 10).toString('hex')).toBe('050000017f000001')
})

describe('behind a load balancer', () => {
  const balanced = { isBalancer: () => true }

  test('the client whom that names is heard, and the balancer is not', async () => {
    const { proxy } = await world(balanced)
    const client = await associate(proxy.port, { before: 'PROXY TCP4 127.0.0.2 127.0.0.1 4000 1080\r\n', from: '127.0.0.2' })
    const balancer = await startUdp()
    balancer.send(datagramTo(AMERICA, 53, 'x'), client.at)
    client.udp.send(datagramTo(AMERICA, 53, 'y'), client.at, '127.0.0.1')
    await client.receives(AMERICA, 53, 'echo y')
    expect(proxy.writer.decided[0]?.personal.client).toBe(`127.0.0.2:${client.udp.port}`)
    client.control.end()
    await eventually('the loss to be told', () => proxy.datagramsLost.length === 1)
    expect(proxy.datagramsLost[0]).toMatchObject({ strangers: 1 })
  })

  test('a client that cannot reach the door has no association', async () => {
    const { proxy } = await world(balanced)
    await expect(associate(proxy.port, { before: 'PROXY TCP6 2001:db8::7 2001:db8::1 4000 1080\r\n' })).rejects.toThrow('05010001')
    expect(proxy.malformed).toEqual(["SOCKS5: a UDP association at 127.0.0.1, which the client's address cannot reach"])
  })
})

test('over TLS the client asks for it, and its datagrams come as they are', async () => {
  const authority = makeAuthority()
  const { proxy } = await world({ tls: new DoorTls({ ...issueForDoor(authority), clients: null }, false) })
  const secure = tls.connect({ port: proxy.port, host: '127.0.0.1', ca: authority.certificate, servername: 'localhost' })
  onTestFinished(() => void secure.destroy())
  await once(secure, 'secureConnect')
  const client = await associate(proxy.port, { over: new Peer(secure) })
  client.send(AMERICA, 53, 'x')
  await client.receives(AMERICA, 53, 'echo x')
  client.control.end()
  await proxy.flowsOver(1)
  expect(proxy.writer.ended).toMatchObject([{ ending: 'completed' }])
})

test('tunnels and associations share a door', async () => {
  const web = await startOrigin(bannerFirst('web'))
  const { proxy } = await world({ routes: { [INDIA]: web.port } })
  await associate(proxy.port)
  const client = await proxy.connect()
  client.send(Buffer.from(`0501000501000167ff01010050`, 'hex'))
  await client.receives('web')
})
