import { describe, expect, test } from 'vitest'
import type { Hop } from '../../../src/egress/upstream/hop.ts'
import { connectBySocks5 } from '../../../src/egress/upstream/socks5.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ip } from '../../support/fake-ports.ts'
import { never } from '../../support/socket-pair.ts'
import { hex } from '../../wire/support.ts'
import { connectTo } from './connection.ts'
import { scriptedProxy, type Turn } from './scripted-proxy.ts'

const v4 = { host: ip('203.0.113.9'), port: 443 }
const v6 = { host: ip('2001:db8::9'), port: 8443 }
const login = { name: 'anna', password: 'secret' }

const noLogin: Turn = { after: 3, say: hex('05 00') }
const reply = (code: number, rest = '01 00000000 0000'): Uint8Array => hex(`05 ${code.toString(16).padStart(2, '0')} 00 ${rest}`)

async function connect(turns: readonly Turn[], { to = v4, login: as = null as Hop['login'] } = {}) {
  const proxy = await scriptedProxy(turns)
  const stream = await connectTo(proxy.port)
  const hop: Hop = { type: 'socks5', server: { host: ip('127.0.0.1'), port: proxy.port }, login: as, tls: null }
  return { proxy, stream, hop, done: connectBySocks5(stream, to, hop, never, null) }
}

test('the proxy is asked for an address, and what comes behind its reply belongs to the tunnel', async () => {
  const { proxy, stream, done } = await connect([noLogin, { after: 13, say: Buffer.concat([reply(0), Buffer.from('220 hello')]) }])
  await done
  await stream.grown(8, never)
  expect(Buffer.from(stream.held).toString()).toBe('220 hello')
  expect(proxy.received[0]?.toString('hex')).toBe(Buffer.from(hex('05 01 00 | 05 01 00 01 cb007109 01bb')).toString('hex'))
})

test('an IPv6 address goes as one, and a reply with a name or IPv6 is read to its end', async () => {
  const { proxy, done } = await connect([noLogin, { after: 25, say: reply(0, '03 04 66697665 1f90') }], { to: v6 })
  await done
  expect(proxy.received[0]?.subarray(3)).toEqual(Buffer.from(hex('05 01 00 04 20010db8000000000000000000000009 20fb')))
  await (await connect([noLogin, { after: 13, say: reply(0, '04 20010db8000000000000000000000009 1f90') }])).done
})

test('an answer that drips in byte by byte is the same answer', async () => {
  const whole = reply(0)
  const drops = [...whole].map((byte) => ({ after: 13, say: Uint8Array.of(byte) }))
  await (await connect([noLogin, ...drops])).done
})

describe('login', () => {
  test('is said to a proxy that asks for it', async () => {
    const { proxy, done } = await connect(
      [
        { after: 4, say: hex('05 02') },
        { after: 17, say: hex('01 00') },
        { after: 27, say: reply(0) },
      ],
      { login },
    )
    await done
    expect(proxy.received[0]?.subarray(0, 17)).toEqual(Buffer.from(hex('05 02 00 02 | 01 04 616e6e61 06 736563726574')))
  })

  test('is kept back from one that asks for none', async () => {
    const { proxy, done } = await connect(
      [
        { after: 4, say: hex('05 00') },
        { after: 14, say: reply(0) },
      ],
      { login },
    )
    await done
    expect(proxy.received[0]?.includes('secret')).toBe(false)
  })

  test.each([
    ['none is set and one is wanted', null, [{ after: 3, say: hex('05 ff') }], 'wants a login'],
    ['neither method is taken', login, [{ after: 4, say: hex('05 ff') }], 'takes neither no login nor name and password'],
    [
      'it is wrong',
      login,
      [
        { after: 4, say: hex('05 02') },
        { after: 17, say: hex('01 01') },
      ],
      'does not accept the login',
    ],
  ] as const)('%s: upstream.unauthenticated, and the password is in no message', async (_, as, turns, says) => {
    const { done, proxy } = await connect(turns, { login: as })
    const error = await done.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'upstream.unauthenticated',
      message: `the upstream proxy 127.0.0.1:${proxy.port} ${says}`,
    })
    expect(String(error)).not.toContain('secret')
  })
})

test.each([
  [1, 'dial.failed'],
  [2, 'upstream.refused'],
  [3, 'dial.network-unreachable'],
  [4, 'dial.host-unreachable'],
  [5, 'dial.refused'],
  [6, 'dial.host-unreachable'],
  [7, 'upstream.refused'],
  [8, 'dial.host-unreachable'],
  [9, 'upstream.malformed'],
  [255, 'upstream.malformed'],
])('reply %i is %s', async (code, expected) => {
  await expect((await connect([noLogin, { after: 13, say: reply(code), leave: 'end' }])).done).rejects.toMatchObject({ code: expected })
})

test('what the proxy says of the destination names both', async () => {
  const { proxy, done } = await connect([noLogin, { after: 13, say: reply(5) }])
  await expect(done).rejects.toThrow(`no connection to 203.0.113.9:443 (refused, says the upstream proxy 127.0.0.1:${proxy.port}: reply 5)`)
})

describe('a proxy that is none', () => {
  test.each([
    ['HTTP', [{ after: 1, say: 'HTTP/1.1 400 Bad Request\r\n\r\n' }], 'speaks no SOCKS5: a choice of method of SOCKS version 72'],
    ['a method that was not offered', [{ after: 3, say: hex('05 02') }], 'chose method 2, which was not offered'],
    ['an address of no type', [noLogin, { after: 13, say: hex('05 00 00 07 00') }], 'speaks no SOCKS5: a reply with an address of type 7'],
    ['the end at once', [{ after: 0, leave: 'end' }], 'closed the connection before its answer was complete'],
    [
      'the end in the reply',
      [noLogin, { after: 13, say: hex('05 00 00'), leave: 'end' }],
      'closed the connection before its answer was complete',
    ],
    ['a reset', [{ after: 3, leave: 'reset' }], 'closed the connection before its answer was complete'],
  ] as const)('%s: upstream.malformed', async (_, turns, says) => {
    const { done } = await connect(turns)
    const error = await done.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RingfenceError)
    expect(error).toMatchObject({ code: 'upstream.malformed' })
    expect(String(error)).toContain(says)
  })

  test('silence lasts until the dial is given up', async () => {
    const proxy = await scriptedProxy([])
    const stop = new StopSource()
    const hop: Hop = { type: 'socks5', server: { host: ip('127.0.0.1'), port: proxy.port }, login: null, tls: null }
    const done = connectBySocks5(await connectTo(proxy.port), v4, hop, stop, null)
    stop.abort(new RingfenceError('dial.timeout', 'the time is over'))
    await expect(done).rejects.toMatchObject({ code: 'dial.timeout' })
  })
})
