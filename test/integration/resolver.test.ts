/** `resolver: { servers: [system] }` on a machine with a hosts file and a name server of its own. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { hosts, nameServer } from '../support/world-map.ts'
import { useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()

/** An /etc of this Ringfence alone: its clients see another hosts file. */
const started = world.shared({
  policy: 'no-cn',
  settings: { resolver: { servers: ['system'] } },
  get wrapper() {
    const etc = path.join(world.folder, 'etc')
    fs.mkdirSync(etc, { recursive: true })
    fs.writeFileSync(path.join(etc, 'resolv.conf'), `nameserver ${nameServer.host}\noptions timeout:1\n`)
    fs.writeFileSync(
      path.join(etc, 'hosts'),
      `127.0.0.1 localhost\n${ru.v4} pinned.example us4.example\n${cn.v4} pinned-cn.example\n10.0.0.5 rebind.example\n`,
    )
    const script = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts && exec "$@"'
    return ['unshare', '--mount', 'sh', '-c', script, etc]
  },
})

const get = async (url: string) => {
  const { at } = await started()
  return world.curl(['--proxy', `http://${at}`, url])
}

describe('system', () => {
  test('asks the name server of the machine', async () => {
    expect((await get('http://mixed.example/')).stdout).toContain(`"at":"${us.v4}"`)
    expect((await world.report()).queries.map(({ type }) => type).sort()).toEqual(['A', 'AAAA'])
  })

  test('believes the hosts file first, without asking anybody', async () => {
    expect((await get('http://pinned.example/')).stdout).toContain(`"at":"${ru.v4}"`)
    expect((await get('http://us4.example/')).stdout).toContain(`"at":"${ru.v4}"`)
    expect((await world.report()).queries).toEqual([])
  })

  test('judges what the hosts file says like any other answer', async () => {
    expect((await get('http://pinned-cn.example/')).stdout).toMatch(/^HTTP\/1\.1 403 .*pinned-cn\.example is at 52\.81\.151\.250/s)
    expect((await get('http://rebind.example/')).stdout).toMatch(/^HTTP\/1\.1 403 .*answered with the local address 10\.0\.0\.5/s)
    expect(await world.reached()).toEqual([])
  })

  test('a name whose server is silent holds up no other', async () => {
    const pending = Array.from({ length: 20 }, () => get('http://silent.example/'))
    const startedAt = performance.now()
    const answers = await Promise.all(['http://ru.example/', 'http://mixed.example/', 'http://pinned.example/'].map(get))
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(answers.map(({ stdout }) => stdout.slice(0, 15))).toEqual(Array(3).fill('HTTP/1.1 200 OK'))
    const refused = await Promise.all(pending)
    expect(new Set(refused.map(({ stdout }) => stdout.split(' ')[1]))).toEqual(new Set(['504']))
  })
})

test('a server in the settings that the policy forbids is an error at the start', async () => {
  await expect(world.ringfence({ settings: { resolver: { servers: [`udp://${cn.v4}:53`] } } })).rejects.toThrow(
    `resolver.servers: ${cn.v4}:53 is forbidden by fence "no-cn" of policy no-cn`,
  )
})
