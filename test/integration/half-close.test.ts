/** A client that has said all and sends its FIN still hears the answer; what breaks is never passed on as finished. */
import { describe, expect, test } from 'vitest'
import { hosts, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

describe.each([
  ['CONNECT', 'connect'],
  ['SOCKS4', '4'],
  ['SOCKS5', '5'],
])('by %s', (_name, protocol) => {
  const netcat = async (port: number, input: string) => {
    const { port: door } = await noCn()
    return world.inside.run(['nc', '-N', '-w', '5', '-X', protocol, '-x', `127.0.0.1:${door}`, us.v4, String(port)], { input })
  }

  test('the answer to a FIN arrives', async () => {
    const { count, ended } = await noCn()
    const before = count()
    const { stdout } = await netcat(ports.afterFin, 'all that I have to say\n')
    expect(stdout).toBe('got 23 bytes, then your FIN\n')
    expect((await ended(before))[0]).toMatchObject({ ending: 'completed', code: null, up: 23, down: stdout.length })
  })

  test('a FIN without a byte before it is passed on as well', async () => {
    expect((await netcat(ports.afterFin, '')).stdout).toBe('got 0 bytes, then your FIN\n')
  })

  test('two MiB come back whole after the FIN', async () => {
    const input = 'half-closed '.repeat(180_000)
    expect((await netcat(ports.echo, input)).stdout === input).toBe(true)
  })
})

test('an answer that ends in a reset reaches the client as one', async () => {
  const { at, count, ended } = await noCn()
  const before = count()
  const answers = [
    await world.curl(['--proxytunnel', '--proxy', `http://${at}`, `http://us4.example/break`]),
    await world.curl(['--proxy', `http://${at}`, 'http://us4.example/break']),
  ]
  // 56: reset while receiving; 18: fewer bytes than were promised.
  expect(answers.map(({ status }) => status === 56 || status === 18)).toEqual([true, true])
  expect((await ended(before, 2)).map(({ ending, code }) => ({ ending, code }))).toEqual([
    { ending: 'reset', code: 'relay.reset' },
    { ending: 'reset', code: 'relay.reset' },
  ])
})
