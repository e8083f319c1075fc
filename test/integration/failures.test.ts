/** What a client is told when the network fails, by every door, and what the record keeps of it. */
import { describe, expect, test } from 'vitest'
import { hosts, ports, silentAddress, unroutableAddress } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, cn } = hosts
const world = useWorld()
const hasty = world.shared({ policy: 'no-cn', settings: { limits: { dial_seconds: 2 } } })

const failures = [
  {
    what: 'a port where nobody listens',
    url: `http://${us.v4}:${ports.refused}/`,
    code: 'dial.refused',
    status: 502,
    error: 'connection_refused',
    socks5: 5,
  },
  {
    what: 'an IPv6 port where nobody listens',
    url: `http://[${us.v6}]:${ports.refused}/`,
    code: 'dial.refused',
    status: 502,
    error: 'connection_refused',
    socks5: 5,
  },
  {
    what: 'an address without a route',
    url: `http://${unroutableAddress}/`,
    code: 'dial.network-unreachable',
    status: 502,
    error: 'destination_ip_unroutable',
    socks5: 3,
  },
  {
    what: 'an address that is silent',
    url: `http://${silentAddress}/`,
    code: 'dial.timeout',
    status: 504,
    error: 'connection_timeout',
    socks5: 6,
  },
  {
    what: 'a name that does not exist',
    url: 'http://nowhere.example/',
    code: 'resolve.not-found',
    status: 502,
    error: 'dns_error',
    socks5: 4,
  },
  {
    what: 'a name server that is silent',
    url: 'http://silent.example/',
    code: 'resolve.timeout',
    status: 504,
    error: 'dns_timeout',
    socks5: 4,
  },
] as const

describe.each(failures)('$what', ({ url, code, status, error, socks5 }) => {
  const isLookUp = code.startsWith('resolve.')

  test('is told by every door', async () => {
    const { at, count, ended } = await hasty()
    const before = count()
    const startedAt = performance.now()
    const [plain, tunnel, v5, v4] = await Promise.all([
      world.curl(['--proxy', `http://${at}`, url]),
      world.curl(['--proxytunnel', '--proxy', `http://${at}`, url]),
      world.curl(['--socks5-hostname', at, url]),
      // SOCKS4 carries no IPv6 address.
      url.includes('[') ? null : world.curl(['--socks4a', at, url]),
    ])
    expect(performance.now() - startedAt).toBeLessThan(isLookUp ? 8_000 : 4_000)
    expect(plain.stdout).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(plain.stdout).toContain(`\r\nProxy-Status: ringfence; error=${error}; details="`)
    expect(tunnel.stderr).toContain(`CONNECT tunnel failed, response ${status}`)
    expect({ status: v5.status, reply: /\((\d+)\)\s*$/.exec(v5.stderr)?.[1] }).toEqual({ status: 97, reply: String(socks5) })
    if (v4 !== null) expect(v4).toMatchObject({ status: 97, stderr: expect.stringContaining('(91)') })

    const doors = v4 === null ? 3 : 4
    const records = await ended(before, doors)
    expect(records.map(({ code, dialled }) => ({ code, dialled }))).toEqual(records.map(() => ({ code, dialled: null })))
    expect(records).toHaveLength(doors)
    expect(new Set(records.map(({ ending }) => ending))).toEqual(new Set([isLookUp ? 'blocked' : 'failed']))
  })
})

test('the sentence names what was tried', async () => {
  const { at } = await hasty()
  const { stdout } = await world.curl(['--proxy', `http://${at}`, `http://${us.v4}:${ports.refused}/`])
  expect(stdout.split('\r\n\r\n')[1]).toContain(`${us.v4}:${ports.refused}`)
})

test('one silent address of a permitted name does not keep the client from another', async () => {
  const { at } = await world.ringfence({ policy: 'no-cn' })
  const startedAt = performance.now()
  const { stdout } = await world.curl(['--proxy', `http://${at}`, 'http://half-silent.example/'])
  expect(stdout).toContain(`"at":"${us.v4}"`)
  expect(performance.now() - startedAt).toBeLessThan(1_500)
})

test('a permitted address that fails never leads to a forbidden one', async () => {
  const { at, count, ended } = await hasty()
  const before = count()
  const { stdout } = await world.curl(['--proxy', `http://${at}`, `http://mixed.example:${ports.refused}/`])
  expect(stdout).toMatch(/^HTTP\/1\.1 502 /)
  expect(await world.reached()).toEqual([])
  const [record] = await ended(before)
  expect(record).toMatchObject({ would: 'steer', verdict: 'allow', ending: 'failed', code: 'dial.refused', dialled: null })
  expect(record?.message).toContain(us.v4)
  expect(record?.message).not.toContain(cn.v4)
})

test('a client that leaves while its connection is being made ends the flow', async () => {
  const { port, count, ended } = await hasty()
  const before = count()
  await world.inside.run(['timeout', '0.3', 'nc', '-X', 'connect', '-x', `127.0.0.1:${port}`, silentAddress, '80'])
  const [record] = await ended(before)
  expect(record).toMatchObject({ ending: 'client-gone', code: 'client.gone', dialled: null })
  // Long before the two seconds that the dial had.
  expect(record?.duration_ms).toBeLessThan(1_500)
})
