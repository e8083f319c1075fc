/** The two phases of a verdict: what a client claims after the grant (the SNI of its ClientHello) can convict an address that was asked for bare. */
import { describe, expect, test } from 'vitest'
import { hosts, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, ru } = hosts
const world = useWorld()

const policy = (mode: string) => `
version: 1
mode: ${mode}
uncertain: { disputed: block, unknown: block, anycast: block }
fences:
  - name: no-meetings-in-the-us
    traffic: { host: ["*.forbidden.example"] }
    never: [US]
`
const enforcing = world.shared({ policy: policy('enforce') })
const observing = world.shared({ policy: policy('observe') })

/** curl leaves the server's last TLS message unread now and then, which the kernel passes on as a reset. */
const over = expect.stringMatching(/^(completed|reset)$/)

const forbidden = 'meet.forbidden.example'
const harmless = 'www.harmless.example'

/** A CONNECT to the bare address, and the name in the ClientHello only. */
const claim = (at: string, name: string, door: readonly string[] = ['--proxy', `http://${at}`]) =>
  world.curl([...door, '--connect-to', `${name}:443:${us.v4}:443`, `https://${name}/`])

const socks5 = (at: string) => ['--socks5-hostname', at]

describe('enforcing', () => {
  test.each(['connect', 'socks5'])('by %s a forbidden name in the ClientHello is reset, and nothing is dialled', async (door) => {
    const { at, count, ended } = await enforcing()
    const before = count()
    const answer = await claim(at, forbidden, door === 'socks5' ? socks5(at) : undefined)
    expect(answer.status).toBe(35)
    expect(answer.stderr).toMatch(/reset|SSL_ERROR_SYSCALL/i)
    expect(await world.reached()).toEqual([])
    const [record] = await ended(before)
    expect(record).toMatchObject({ asked: us.v4, verdict: 'block', ending: 'blocked', code: 'policy.blocked', dialled: null })
    expect(record?.names).toEqual([{ name: forbidden, origin: 'sni', proved: null }])
    expect(record?.sentence).toContain('fence "no-meetings-in-the-us" lets nothing reach it')
  })

  test('the same address with another name works', async () => {
    const { at, count, ended } = await enforcing()
    const before = count()
    const answer = await claim(at, harmless)
    expect(answer.stdout).toContain(`"serverName":"${harmless}"`)
    const [record] = await ended(before)
    expect(record).toMatchObject({ asked: us.v4, verdict: 'allow', ending: over, dialled: us.v4 })
    expect(record?.names).toEqual([{ name: harmless, origin: 'sni', proved: null }])
  })

  test('the forbidden name itself is refused before the grant', async () => {
    const { at } = await enforcing()
    const answer = await world.curl(['--proxy', `http://${at}`, `https://${forbidden}/`])
    expect(answer).toMatchObject({ status: 56, stderr: expect.stringContaining('response 403') })
    expect(await world.reached()).toEqual([])
  })

  test('an address outside the territory of the fence is not held, whatever is claimed', async () => {
    const { at } = await enforcing()
    const answer = await world.curl(['--proxy', `http://${at}`, '--connect-to', `${forbidden}:443:${ru.v4}:443`, `https://${forbidden}/`])
    expect(answer.stdout).toContain(`"serverName":"${forbidden}"`)
    expect(await world.reached()).toEqual([`${ru.v4}:443`])
  })

  test('a Host header inside a tunnel convicts as well', async () => {
    const { at, count, ended } = await enforcing()
    const before = count()
    const answer = await world.curl(['--proxytunnel', '--proxy', `http://${at}`, '--header', `Host: ${forbidden}`, `http://${us.v4}/`])
    expect(answer.status).not.toBe(0)
    expect(await world.reached()).toEqual([])
    // An earlier test led this client to the same address by a name.
    expect((await ended(before))[0]?.names).toContainEqual({ name: forbidden, origin: 'http-host', proved: null })
  })

  test('a server that speaks first is waited for no longer than the hold', async () => {
    const { port } = await enforcing()
    const startedAt = performance.now()
    const { stdout } = await world.inside.run(['nc', '-w', '4', '-N', '-X', '5', '-x', `127.0.0.1:${port}`, us.v4, String(ports.banner)], {
      input: '',
    })
    const silent = await world.inside.run([
      'sh',
      '-c',
      'sleep 1 | nc -w 4 -N -X 5 -x "127.0.0.1:$0" "$1" "$2"',
      String(port),
      us.v4,
      String(ports.banner),
    ])
    expect([stdout, silent.stdout]).toEqual(['SSH-2.0-world\r\n', 'SSH-2.0-world\r\n'])
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })

  test('a dial that fails after the grant is a reset, and the record keeps its code', async () => {
    const { at, count, ended } = await enforcing()
    const before = count()
    const answer = await world.curl([
      '--proxy',
      `http://${at}`,
      '--connect-to',
      `${harmless}:443:${us.v4}:${ports.refused}`,
      `https://${harmless}/`,
    ])
    expect(answer.status).toBe(35)
    expect((await ended(before))[0]).toMatchObject({ verdict: 'allow', ending: 'failed', code: 'dial.refused' })
  })
})

describe('observing', () => {
  test('the forbidden name passes unheld, and the flow is judged again in the record', async () => {
    const { at, ended, events } = await observing()
    const answer = await claim(at, forbidden)
    expect(answer.stdout).toContain(`"serverName":"${forbidden}"`)
    const [record] = await ended(0)
    expect(record).toMatchObject({ asked: us.v4, verdict: 'allow', would: 'block', ending: over, dialled: us.v4 })
    expect(record?.names).toEqual([{ name: forbidden, origin: 'sni', proved: null }])
    expect(record?.sentence).toMatch(/^Would block: /)
    const types = events()
      .filter(({ id }) => id === record?.id)
      .map(({ type }) => type)
    expect(types).toEqual(['decided', 'rejudged', 'ended'])
  })
})

test('an exception by host is opened only by a claim that the look-up proves', async () => {
  const text = `
version: 1
mode: enforce
uncertain: { disputed: block, unknown: block, anycast: block }
fences:
  - name: nothing-to-russia
    never: [RU]
    except:
      - { host: [ru.example, us4.example, liar.example], reason: a test }
`
  const { at, ended } = await world.ringfence({ policy: text })
  const claimed = (name: string) =>
    world.curl(['--insecure', '--proxy', `http://${at}`, '--connect-to', `${name}:443:${ru.v4}:443`, `https://${name}/`])
  expect((await claimed('ru.example')).stdout).toContain('"serverName":"ru.example"')
  // One leads elsewhere, the other nowhere: both are nothing but claims.
  expect((await claimed('us4.example')).status).toBe(35)
  expect((await claimed('liar.example')).status).toBe(35)
  expect(await world.reached()).toEqual([`${ru.v4}:443`])
  const told = (await ended(0, 3)).map(({ verdict, names }) => ({ verdict, names }))
  expect(told.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))).toEqual([
    { verdict: 'allow', names: [{ name: 'ru.example', origin: 'sni', proved: true }] },
    { verdict: 'block', names: [{ name: 'liar.example', origin: 'sni', proved: null }] },
    { verdict: 'block', names: [{ name: 'us4.example', origin: 'sni', proved: false }] },
  ])
})
