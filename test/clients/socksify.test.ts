/** Dante's socksify puts programs behind the fence that speak UDP and know of no proxy; here netcat, by name and by address. */
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { hosts, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, cn } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

/** What came back to netcat within a second after it sent this. */
const heard = async (host: string, text: string): Promise<string> => {
  const { port } = await noCn()
  const file = path.join(world.folder, 'socks.conf')
  const config = [
    // Names are not looked up by the client: they reach the proxy as they are.
    'resolveprotocol: fake',
    'route {',
    `  from: 0.0.0.0/0 to: 0.0.0.0/0 via: 127.0.0.1 port = ${port}`,
    '  proxyprotocol: socks_v5',
    '  protocol: tcp udp',
    '  method: none',
    '}',
  ]
  fs.writeFileSync(file, `${config.join('\n')}\n`)
  const { stdout } = await world.inside.run(['socksify', 'nc', '-u', '-4', '-w', '1', host, String(ports.echo)], {
    input: text,
    env: { SOCKS_CONF: file },
  })
  return stdout
}

test.each([us.v4, 'us4.example'])('%s is spoken with', async (host) => {
  const { count, ended } = await noCn()
  const before = count()
  expect(await heard(host, 'hello')).toBe(`${us.v4} heard hello`)
  expect(await world.report()).toMatchObject({ accepted: [], datagrams: [{ address: us.v4, port: ports.echo }] })
  expect((await ended(before))[0]).toMatchObject({ network: 'udp', asked: host, verdict: 'allow', ending: 'completed', dialled: us.v4 })
})

test.each([cn.v4, 'cn4.example'])('%s is not, and not even one datagram reaches it', async (host) => {
  const { count, ended } = await noCn()
  const before = count()
  expect(await heard(host, 'hello')).toBe('')
  expect((await world.report()).datagrams).toEqual([])
  expect((await ended(before))[0]).toMatchObject({ network: 'udp', asked: host, verdict: 'block', country: 'CN' })
})
