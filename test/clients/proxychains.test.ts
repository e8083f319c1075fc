/** proxychains puts programs behind the fence that know of no proxy: by SOCKS5, SOCKS4 and HTTP, with names and without. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { patternBytes, sha256 } from '../support/web-site.ts'
import { bannerText, hosts, ports } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, cn } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })

describe.each(['socks5', 'socks4', 'http'])('proxychains by %s', (type) => {
  const chained = async (command: readonly string[], input?: string) => {
    const { port } = await noCn()
    const file = path.join(world.folder, `${type}.conf`)
    const config = [
      'strict_chain',
      'proxy_dns',
      'tcp_read_time_out 8000',
      'tcp_connect_time_out 8000',
      '[ProxyList]',
      `${type} 127.0.0.1 ${port}`,
    ]
    fs.writeFileSync(file, `${config.join('\n')}\n`)
    return world.inside.run(['proxychains4', '-q', '-f', file, ...command], input === undefined ? {} : { input })
  }

  test('a name reaches curl as the proxy resolved it', async () => {
    const { status, stdout } = await chained(['curl', '-sS', '-4', '--noproxy', '*', '--max-time', '8', 'http://us4.example/'])
    expect(status).toBe(0)
    expect(stdout).toContain(`"at":"${us.v4}"`)
  })

  test('a server that speaks first is heard by netcat', async () => {
    const { stdout } = await chained(['nc', '-N', '-w', '5', us.v4, String(ports.banner)], 'and I answer\n')
    expect(stdout).toBe(`${bannerText}and I answer\n`)
  })

  test('4 MiB arrive unchanged, and the record counts them', async () => {
    const { count, ended } = await noCn()
    const before = count()
    const { status } = await chained(['curl', '-sS', '--noproxy', '*', '--output', path.join(world.folder, type), 'http://us4.example/big'])
    expect(status).toBe(0)
    const bytes = fs.readFileSync(path.join(world.folder, type))
    expect(sha256(bytes)).toBe(sha256(patternBytes(4 * 1024 * 1024)))
    const [record] = await ended(before)
    expect(record).toMatchObject({ asked: 'us4.example', verdict: 'allow', dialled: us.v4, ending: 'completed' })
    expect(record?.down).toBeGreaterThan(bytes.length)
  })

  test('a forbidden name and a forbidden address are refused', async () => {
    for (const host of ['cn4.example', cn.v4]) {
      const { status, stderr } = await chained(['curl', '-sS', '-4', '--noproxy', '*', '--max-time', '8', `http://${host}/`])
      expect({ host, status }).toEqual({ host, status: 7 })
      expect(stderr).toMatch(/connect/i)
    }
    expect(await world.reached()).toEqual([])
    const records = await (await noCn()).flows('--limit', '2', '--verdict', 'block')
    expect(records.map(({ asked }) => asked)).toEqual(['cn4.example', cn.v4])
  })
})
