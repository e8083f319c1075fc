/** The fence for datagrams, seen from outside: by name and by address, over IPv4 and IPv6, on both sides of the proxy. */
import { describe, expect, test } from 'vitest'
import { hosts, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, cn } = hosts
const world = useWorld()
const inbounds = [
  { type: 'mixed', listen: '127.0.0.1:0' },
  { type: 'mixed', name: 'six', listen: '[::1]:8066' },
]
const noCn = world.shared({ policy: 'no-cn', settings: { inbounds } })

const overV4 = async () => ({ host: '127.0.0.1', port: (await noCn()).port })
const overV6 = async () => ({ host: '::1', port: 8066 })

const to = (host: string, port: number = ports.echo) => ({ host, port, text: 'hello' })
const heard = (address: string) => ({ from: address.includes(':') ? 'IPv6' : 'IPv4', text: `${address} heard hello` })

/** One association, one datagram after the other: what came back, and the records of it. */
async function speak(proxy: { readonly host: string; readonly port: number }, datagrams: readonly ReturnType<typeof to>[], flows: number) {
  const { count, ended } = await noCn()
  const before = count()
  const answers = await world.client('socks-datagrams.mjs', { proxy, datagrams })
  const reached = (await world.report()).datagrams.map(({ address }) => address)
  return { answers, reached, records: await ended(before, flows) }
}

describe.each([
  ['IPv4', overV4],
  ['IPv6', overV6],
])('a client over %s', (_, door) => {
  test('speaks with what is inside, by name and by address', async () => {
    const wanted = [
      [us.v4, us.v4],
      [us.v6, us.v6],
      ['us4.example', us.v4],
      ['us6.example', us.v6],
      // The first permitted address is pinned for the session.
      ['mixed.example', us.v4],
      ['mixed6.example', us.v4],
    ] as const
    const twice = wanted.flatMap(([host]) => [to(host), to(host)])
    const { answers, reached, records } = await speak(await door(), twice, wanted.length)
    expect(answers).toEqual(wanted.flatMap(([, address]) => [heard(address), heard(address)]))
    expect(reached).toEqual(wanted.flatMap(([, address]) => [address, address]))
    expect(records).toMatchObject(
      wanted.map(([asked, dialled]) => ({ network: 'udp', asked, dialled, verdict: 'allow', ending: 'completed', up: 10 })),
    )
  })

  test('reaches nothing of what is outside, by name or by address', async () => {
    const barred = [cn.v4, cn.v6, 'cn4.example', 'cn6.example', 'cn.example']
    const { answers, reached, records } = await speak(await door(), [...barred.map((host) => to(host)), to(us.v4)], barred.length + 1)
    expect(answers).toEqual([...barred.map(() => null), heard(us.v4)])
    expect(reached).toEqual([us.v4])
    expect(records).toMatchObject([
      ...barred.map((asked) => ({ network: 'udp', asked, verdict: 'block', country: 'CN', ending: 'blocked' })),
      { verdict: 'allow' },
    ])
  })
})

test('local answers to public names and cloud metadata services are refused, and a port where nobody listens is told of', async () => {
  const datagrams = [to('rebind-lan.example'), to('rebind-loopback.example'), to('metadata.example'), to(us.v4, ports.refused)]
  const { answers, records } = await speak(await overV4(), datagrams, 4)
  expect(answers).toEqual([null, null, null, null])
  expect(records.map(({ code }) => code)).toEqual(['refuse.local-answer', 'refuse.local-answer', 'refuse.cloud-metadata', 'dial.refused'])
  expect(records[3]).toMatchObject({ verdict: 'allow', ending: 'failed', dialled: us.v4 })
})
