import { describe, expect, test } from 'vitest'
import { bannerFirst, echo, silent, startOrigin } from '../support/origin-server.ts'
import { eventually, notToChina, openProxy, policyText, type World } from '../support/proxy-under-test.ts'
import type { Peer } from '../support/socket-pair.ts'
import { message, record, serverName } from '../wire/hello.ts'

const CHINA = '52.81.151.250'
const AMERICA = '170.114.1.1'
const INDIA = '103.255.1.1'

const hello = (host: string): Uint8Array => record(message([serverName(host)]))

const connectTo = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`

/** A door over the road, and a client that has asked for a tunnel. */
async function asking(target: string, world: World) {
  const proxy = await openProxy(world)
  const client = await proxy.connect()
  client.send(connectTo(target))
  return { proxy, client }
}

const enforcing = policyText('enforce', notToChina)

describe('what is dialled', () => {
  test('a name with one forbidden address is dialled on the others only', async () => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await asking('zoom.us:443', {
      policy: enforcing,
      names: { 'zoom.us': [CHINA, AMERICA, INDIA] },
      routes: { [AMERICA]: 'refuses', [INDIA]: origin.port, [CHINA]: origin.port },
    })
    await client.receives('200 Connection established\r\n\r\n')
    client.send('hi')
    await client.receives('hi')
    client.end()
    await client.receivesEnd()
    await proxy.flowsOver(1)
    expect(proxy.dialer.tried).toEqual([`${AMERICA}:443`, `${INDIA}:443`])
    expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'allow', would: 'steer', port: 443 })
    expect(proxy.writer.decided[0]?.candidates.map(({ ip, permitted }) => [ip, permitted])).toEqual([
      [CHINA, false],
      [AMERICA, true],
      [INDIA, true],
    ])
    expect(proxy.writer.ended[0]).toMatchObject({ ending: 'completed', dialled: INDIA, up: 2, down: 2 })
  })

  test('while observing, every address is dialled in the order of the resolver', async () => {
    const { proxy, client } = await asking('zoom.us:443', {
      policy: policyText('observe', notToChina),
      names: { 'zoom.us': [CHINA, AMERICA] },
    })
    await client.receives('502')
    expect(proxy.dialer.tried).toEqual([`${CHINA}:443`, `${AMERICA}:443`])
    expect(proxy.writer.decided[0]).toMatchObject({ mode: 'observe', verdict: 'allow', would: 'steer' })
  })

  test('the name is looked up once, however often addresses are tried', async () => {
    const { proxy, client } = await asking('zoom.us:443', { names: { 'zoom.us': [AMERICA, INDIA] } })
    await client.receives('502')
    expect(proxy.resolver.asked).toEqual(['zoom.us'])
  })

  test('a public name with a local answer is refused in every mode, a name under local_names is not', async () => {
    const origin = await startOrigin(echo)
    const world: World = { names: { 'rebind.com': ['127.0.0.1'], 'a.test': ['127.0.0.1'] }, routes: { '127.0.0.1': origin.port } }
    const refused = await asking('rebind.com:80', world)
    await refused.client.receives('403')
    expect(refused.proxy.dialer.tried).toEqual([])
    expect(refused.proxy.writer.decided[0]).toMatchObject({ verdict: 'block', reasons: [{ kind: 'refusal', code: 'refuse.local-answer' }] })
    const local = await asking('a.test:80', world)
    await local.client.receives('200')
  })

  test('the door itself is refused', async () => {
    const proxy = await openProxy()
    const client = await proxy.connect()
    client.send(connectTo(`127.0.0.1:${proxy.port}`))
    expect(await client.receivesEnd()).toMatch(/403 Forbidden[\s\S]*proxy_loop_detected/)
    expect(proxy.dialer.tried).toEqual([])
  })

  test('a denied port costs no look-up', async () => {
    const { proxy, client } = await asking('mail.com:25', { names: { 'mail.com': [AMERICA] } })
    await client.receives('403')
    expect(proxy.resolver.asked).toEqual([])
    expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'block', reasons: [{ kind: 'refusal', code: 'refuse.denied-port' }] })
  })

  test('what is blocked anywhere costs no look-up', async () => {
    const { proxy, client } = await asking('tiktok.com:443', {
      policy: policyText('enforce', '{ name: none, traffic: { host: tiktok.com }, never: anywhere }'),
      names: { 'tiktok.com': [AMERICA] },
    })
    await client.receives('403')
    expect(proxy.resolver.asked).toEqual([])
    expect(proxy.writer.decided).toHaveLength(1)
  })
})

describe('the record comes before the answer', () => {
  test('while the record is being written, nothing is dialled and the client hears nothing', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ names: { 'zoom.us': [AMERICA] }, routes: { [AMERICA]: origin.port } })
    const go = proxy.writer.hold()
    const client = await proxy.connect()
    client.send(connectTo('zoom.us:443'))
    await eventually('the look-up', () => proxy.resolver.asked.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect([client.count, proxy.dialer.tried.length]).toEqual([0, 0])
    go()
    await client.receives('200')
    expect(proxy.writer.decided).toHaveLength(1)
  })

  test('a refusal waits for its record as well', async () => {
    const proxy = await openProxy({ policy: enforcing, names: { 'zoom.us': [CHINA] } })
    const go = proxy.writer.hold()
    const client = await proxy.connect()
    client.send(connectTo('zoom.us:443'))
    await eventually('the look-up', () => proxy.resolver.asked.length === 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(client.count).toBe(0)
    go()
    await client.receives('403')
  })

  test('a record that cannot be written is a refusal, and nothing is dialled', async () => {
    const proxy = await openProxy({ names: { 'zoom.us': [AMERICA] }, routes: { [AMERICA]: 'silent' } })
    proxy.writer.break()
    const http = await proxy.connect()
    http.send(connectTo('zoom.us:443'))
    expect(await http.receivesEnd()).toMatch(/^HTTP\/1\.1 503 /)
    const socks = await proxy.connect()
    socks.send(Buffer.concat([Buffer.from('0501000501000307', 'hex'), Buffer.from('zoom.us'), Buffer.from('01bb', 'hex')]))
    await socks.receivesEnd()
    expect(socks.bytes.toString('hex')).toBe('0500' + '05010001000000000000')
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.events).toEqual([])
  })
})

describe('what goes wrong is one record', () => {
  test('a blocked destination: one record, which is its own ending', async () => {
    const { proxy, client } = await asking('zoom.us:443', { policy: enforcing, names: { 'zoom.us': [CHINA] } })
    expect(await client.receivesEnd()).toContain('403 Forbidden')
    await proxy.flowsOver(1)
    expect(proxy.writer.events).toHaveLength(1)
    expect(proxy.writer.decided[0]).toMatchObject({
      verdict: 'block',
      personal: {
        asked: 'zoom.us',
        sentence: expect.stringMatching(/^Blocked: zoom\.us is at 52\.81\.151\.250, .*China \(CN\); fence "nothing-to-china"/),
      },
    })
  })

  test('a name that does not exist', async () => {
    const { proxy, client } = await asking('nowhere.test:443', {})
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 502 [\s\S]*dns_error/)
    expect(proxy.writer.events).toMatchObject([
      { type: 'decided', verdict: 'block', reasons: [{ kind: 'error', code: 'resolve.not-found' }] },
    ])
  })

  test('a dial that fails', async () => {
    const { proxy, client } = await asking('zoom.us:443', { names: { 'zoom.us': [AMERICA] } })
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 502 [\s\S]*connection_refused/)
    expect(proxy.writer.events).toMatchObject([
      { type: 'decided', verdict: 'allow' },
      { type: 'ended', ending: 'failed', code: 'dial.refused', dialled: null, up: 0, down: 0 },
    ])
  })

  test('a dial that takes too long', async () => {
    const { proxy, client } = await asking('zoom.us:443', { names: { 'zoom.us': [AMERICA] }, routes: { [AMERICA]: 'silent' }, dialMs: 200 })
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 504 [\s\S]*connection_timeout/)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code: 'dial.timeout' }])
  })

  test.each(['end', 'reset'] as const)(
    'a client that leaves by %s while the dial is pending: it is given up within a second',
    async (how) => {
      const { proxy, client } = await asking('zoom.us:443', {
        names: { 'zoom.us': [AMERICA] },
        routes: { [AMERICA]: 'silent' },
        dialMs: 60_000,
      })
      await eventually('the dial', () => proxy.dialer.pending === 1)
      client[how]()
      await eventually('the dial to be given up', () => proxy.dialer.pending === 0, 1_000)
      await proxy.flowsOver(1)
      expect(proxy.writer.ended).toMatchObject([{ ending: 'client-gone', code: 'client.gone', dialled: null }])
    },
  )

  test('a client that leaves during the look-up', async () => {
    const { proxy, client } = await asking('slow.com:443', { names: { 'slow.com': 'never' } })
    await eventually('the look-up', () => proxy.resolver.asked.length === 1)
    client.end()
    await proxy.flowsOver(1)
    expect(proxy.writer.events).toMatchObject([{ type: 'decided', verdict: 'block', reasons: [{ kind: 'error', code: 'client.gone' }] }])
  })
})

describe('a fence that is open by host, while enforcing', () => {
  const policy = policyText('enforce', '{ name: no-tiktok, traffic: { host: .tiktok.com }, never: anywhere }')
  const world = async (serve: (peer: Peer) => unknown = echo) => {
    const origin = await startOrigin(serve)
    return { origin, world: { policy, routes: { [AMERICA]: origin.port } } satisfies World }
  }

  test('the client is granted and its first bytes are held; a forbidden server name is a reset, and nothing was dialled', async () => {
    const { world: here } = await world()
    const { proxy, client } = await asking(`${AMERICA}:443`, here)
    await client.receives('200 Connection established\r\n\r\n')
    expect(proxy.dialer.tried).toEqual([])
    client.send(hello('www.tiktok.com'))
    await client.receivesReset()
    await proxy.flowsOver(1)
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.events).toMatchObject([
      { type: 'decided', verdict: 'block', personal: { names: [{ name: 'www.tiktok.com', origin: 'sni', proved: null }] } },
    ])
  })

  test.each([
    ['an empty record before the hello', Buffer.concat([Buffer.from('1603010000', 'hex'), hello('www.tiktok.com')])],
    ['empty lines before a request', Buffer.from('\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: www.tiktok.com\r\n\r\n')],
    ['a hello that cannot be read', Buffer.from('16030100050100000103', 'hex')],
    [
      'more hosts than anyone means',
      Buffer.from(`GET / HTTP/1.1\r\n${Array.from({ length: 50 }, (_, i) => `Host: a${i}.com\r\n`).join('')}\r\n`),
    ],
  ])('%s hides nothing: reset, and nothing was dialled', async (_, bytes) => {
    const { world: here } = await world()
    const { proxy, client } = await asking(`${AMERICA}:443`, here)
    await client.receives('\r\n\r\n')
    client.send(bytes)
    await client.receivesReset()
    await proxy.flowsOver(1)
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.events).toMatchObject([{ type: 'decided', verdict: 'block', reasons: [{ kind: 'fence', fence: 'no-tiktok' }] }])
  })

  test('another server name is dialled, and the held bytes arrive whole', async () => {
    const { world: here } = await world()
    const { proxy, client } = await asking(`${AMERICA}:443`, here)
    await client.receives('\r\n\r\n')
    const bytes = hello('zoom.us')
    const head = client.count
    client.send(bytes.subarray(0, 50))
    await new Promise((resolve) => setImmediate(resolve))
    client.send(bytes.subarray(50))
    await client.receivesBytes(head + bytes.length)
    expect(client.bytes.subarray(head).equals(bytes)).toBe(true)
    expect(proxy.dialer.tried).toEqual([`${AMERICA}:443`])
    expect(proxy.writer.decided[0]?.personal.names).toEqual([{ name: 'zoom.us', origin: 'sni', proved: null }])
    client.end()
    await proxy.flowsOver(1)
    expect(proxy.writer.rejudged).toEqual([])
  })

  test('a client that says nothing is dialled after the hold, so that a server which speaks first is heard', async () => {
    const { world: here } = await world(bannerFirst('220 mail ready\r\n'))
    const startedAt = performance.now()
    const { client } = await asking(`${AMERICA}:2525`, here)
    await client.receives('220 mail ready')
    expect(performance.now() - startedAt).toBeGreaterThan(250)
    client.send('QUIT')
    await client.receives('QUIT')
  })

  test('a forbidden server name that comes after the hold cuts the flow before a byte of it is passed on', async () => {
    let server: Peer | null = null
    const heard = () => server?.count
    const { world: here } = await world((peer) => {
      server = peer
      bannerFirst('ready')(peer)
    })
    const { proxy, client } = await asking(`${AMERICA}:443`, here)
    await client.receives('ready')
    client.send(hello('www.tiktok.com'))
    await client.receivesReset()
    await proxy.flowsOver(1)
    expect(heard()).toBe(0)
    expect(proxy.writer.events).toMatchObject([
      { type: 'decided', verdict: 'allow' },
      { type: 'rejudged', verdict: 'block', personal: { names: [{ name: 'www.tiktok.com' }] } },
      { type: 'ended', ending: 'cut', code: 'policy.cut', message: expect.stringContaining('no-tiktok') },
    ])
  })

  test('a late name is cut without waiting for the name server that its owner chose', async () => {
    const origin = await startOrigin(bannerFirst('ready'))
    const excepting = policyText(
      'enforce',
      '{ name: no-tiktok, traffic: { host: .tiktok.com }, never: anywhere, except: [{ host: ok.tiktok.com, reason: a test }] }',
    )
    const { proxy, client } = await asking(`${AMERICA}:443`, {
      policy: excepting,
      routes: { [AMERICA]: origin.port },
      names: { 'ok.tiktok.com': 'never', 'www.tiktok.com': 'never' },
    })
    await client.receives('ready')
    client.send(hello('ok.tiktok.com'))
    const startedAt = performance.now()
    await client.receivesReset()
    // A look-up would have had two seconds.
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    await proxy.flowsOver(1)
    expect(proxy.resolver.asked).toEqual([])
    expect(proxy.writer.ended).toMatchObject([{ ending: 'cut' }])
  })

  test('a client that leaves during the hold is gone, and nothing is dialled', async () => {
    const { world: here } = await world()
    const { proxy, client } = await asking(`${AMERICA}:443`, here)
    await client.receives('\r\n\r\n')
    client.reset()
    await proxy.flowsOver(1)
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.events).toMatchObject([{ type: 'decided', verdict: 'block', reasons: [{ kind: 'error', code: 'client.gone' }] }])
  })

  test('a client that only ends its side during the hold may wait for a server that speaks first', async () => {
    const { world: here } = await world(bannerFirst('ready'))
    const { client } = await asking(`${AMERICA}:443`, here)
    await client.receives('\r\n\r\n')
    client.end()
    expect(await client.receivesEnd()).toMatch(/ready$/)
  })

  test('a dial that fails after the grant is a reset', async () => {
    const { proxy, client } = await asking(`${INDIA}:443`, { policy })
    await client.receives('\r\n\r\n')
    client.send(hello('zoom.us'))
    await client.receivesReset()
    expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code: 'dial.refused' }])
  })

  test('a destination asked for by a name that is forbidden anyway is refused without a grant', async () => {
    const { proxy, client } = await asking('www.tiktok.com:443', { policy, names: { 'www.tiktok.com': [AMERICA] } })
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 403 /)
    expect(proxy.resolver.asked).toEqual([])
  })
})

describe('an exception by host', () => {
  const policy = policyText('enforce', '{ name: nothing-to-china, never: [CN], except: [{ host: zoom.com.cn, reason: sign-in }] }')

  test('holds for an address that was asked for, once the claimed name is proved by its own look-up', async () => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await asking(`${CHINA}:443`, {
      policy,
      names: { 'zoom.com.cn': [AMERICA, CHINA] },
      routes: { [CHINA]: origin.port },
    })
    await client.receives('\r\n\r\n')
    const head = client.count
    client.send(hello('zoom.com.cn'))
    await client.receivesBytes(head + hello('zoom.com.cn').length)
    expect(proxy.resolver.asked).toEqual(['zoom.com.cn'])
    expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'allow', personal: { names: [{ name: 'zoom.com.cn', proved: true }] } })
  })

  test.each([
    ['whose look-up has other addresses', { 'zoom.com.cn': [AMERICA] }],
    ['whose look-up fails', {}],
  ])('does not hold for a claimed name %s', async (_, names) => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await asking(`${CHINA}:443`, { policy, names, routes: { [CHINA]: origin.port } })
    await client.receives('\r\n\r\n')
    client.send(hello('zoom.com.cn'))
    await client.receivesReset()
    expect(proxy.dialer.tried).toEqual([])
    expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'block' })
  })

  test('holds without a hold for the name that was asked for', async () => {
    const origin = await startOrigin(silent)
    const { proxy, client } = await asking('zoom.com.cn:443', {
      policy,
      names: { 'zoom.com.cn': [CHINA] },
      routes: { [CHINA]: origin.port },
    })
    await client.receives('200')
    expect(proxy.dialer.tried).toEqual([`${CHINA}:443`])
    expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'allow', personal: { names: [{ origin: 'asked', proved: true }] } })
  })
})

describe('observing', () => {
  const policy = policyText('observe', '{ name: no-tiktok, traffic: { host: .tiktok.com }, never: anywhere }')

  test('nothing is held: a server that speaks first is heard though the client says nothing', async () => {
    const origin = await startOrigin(bannerFirst('ready'))
    const { proxy, client } = await asking(`${AMERICA}:443`, { policy, routes: { [AMERICA]: origin.port } })
    // Dialled before the grant, where enforcing would grant first.
    await client.receives('200')
    expect(proxy.dialer.tried).toEqual([`${AMERICA}:443`])
    await client.receives('ready')
  })

  test('a server name that is learnt in passing is judged again and recorded; the flow goes on', async () => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await asking(`${AMERICA}:443`, { policy, routes: { [AMERICA]: origin.port } })
    await client.receives('\r\n\r\n')
    const bytes = hello('www.tiktok.com')
    const head = client.count
    client.send(bytes)
    await client.receivesBytes(head + bytes.length)
    client.end()
    await client.receivesEnd()
    await proxy.flowsOver(1)
    expect(proxy.writer.decided).toMatchObject([{ verdict: 'allow', would: 'allow' }])
    expect(proxy.writer.rejudged).toMatchObject([
      { verdict: 'allow', would: 'block', personal: { names: [{ name: 'www.tiktok.com', origin: 'sni' }] } },
    ])
    expect(proxy.writer.ended).toMatchObject([{ ending: 'completed' }])
  })

  test('the name that was asked for is not news', async () => {
    const origin = await startOrigin(echo)
    const { proxy, client } = await asking('zoom.us:443', { policy, names: { 'zoom.us': [AMERICA] }, routes: { [AMERICA]: origin.port } })
    await client.receives('\r\n\r\n')
    client.send(hello('zoom.us'))
    client.end()
    await client.receivesEnd()
    await proxy.flowsOver(1)
    expect(proxy.writer.rejudged).toEqual([])
  })
})

test('other policies are counted in the shadow of the one in force', async () => {
  const { proxy, client } = await asking('zoom.us:443', {
    names: { 'zoom.us': [CHINA, AMERICA] },
    shadows: [enforcing, policyText('observe', '{ name: only-india, only: [IN] }')],
  })
  await client.receives('502')
  expect(proxy.writer.decided[0]?.shadow).toEqual({ 'shadow-0': 'steer', 'shadow-1': 'block' })
})

test('a policy that comes into force while a flow is judged has its say before anything is dialled', async () => {
  const proxy = await openProxy({ names: { 'zoom.us': [CHINA] } })
  const before = proxy.road.policies.current
  const go = proxy.writer.hold()
  const client = await proxy.connect()
  client.send(connectTo('zoom.us:443'))
  await eventually('the look-up', () => proxy.resolver.asked.length === 1)
  const { compilePolicy } = await import('../../src/policy/compile.ts')
  Object.assign(proxy.road.policies, { current: compilePolicy(enforcing, 'new.yaml', 'new.yaml') })
  go()
  await client.receives('403')
  expect(proxy.dialer.tried).toEqual([])
  expect(proxy.writer.decided[0]).toMatchObject({ verdict: 'allow', policy: before.hash })
  expect(proxy.writer.rejudged).toMatchObject([{ verdict: 'block', policy: proxy.road.policies.current.hash }])
  const later = await proxy.connect()
  later.send(connectTo('zoom.us:443'))
  await later.receives('403')
})
