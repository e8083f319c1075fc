/** The fence itself, seen from outside: which addresses the world was asked for, and which not even with one packet. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { cable } from '../support/namespace.ts'
import { hosts, ports } from '../support/world-map.ts'
import { pause, type Ringfence, useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()
const noCn = world.shared({ policy: 'no-cn' })
const noCnObserved = world.shared({ policy: 'no-cn', mode: 'observe' })
const observe = world.shared({ policy: 'observe' })

const doors: Readonly<Record<string, (at: string) => readonly string[]>> = {
  http: (at) => ['--proxy', `http://${at}`],
  connect: (at) => ['--proxytunnel', '--proxy', `http://${at}`],
  socks4a: (at) => ['--socks4a', at],
  socks5h: (at) => ['--socks5-hostname', at],
}
const everyDoor = Object.entries(doors)

describe('steering', () => {
  test.each(everyDoor)('by %s a name with addresses inside and outside is reached inside only', async (_door, proxy) => {
    const { at, flows } = await noCn()
    const answer = await world.curl([...proxy(at), 'http://mixed.example/'])
    expect(answer.stdout).toContain(`"at":"${us.v4}"`)
    expect(await world.reached()).toEqual([`${us.v4}:80`])
    const [record] = await flows('--limit', '1')
    expect(record).toMatchObject({
      verdict: 'allow',
      would: 'steer',
      sentence:
        'Allowed: mixed.example goes to 170.114.1.1, which both sources place in the United States (US); 52.81.151.250 in China (CN) left out by fence "no-cn".',
    })
    expect(record?.candidates.map(({ ip, permitted }) => ({ ip, permitted }))).toEqual([
      { ip: cn.v4, permitted: false },
      { ip: us.v4, permitted: true },
    ])
  })

  test('an IPv6 address outside does not win by being tried first', async () => {
    const { at } = await noCn()
    const answer = await world.curl(['--proxy', `http://${at}`, 'http://mixed6.example/'])
    expect(answer.stdout).toContain(`"at":"${us.v4}"`)
    expect(await world.reached()).toEqual([`${us.v4}:80`])
  })

  const observers: readonly (readonly [string, () => Promise<Ringfence>, string | undefined])[] = [
    ['no-cn in observe mode', noCnObserved, 'steer'],
    ['observe', observe, 'allow'],
  ]
  test.each(observers)('under policy %s nothing is steered: the order of the resolver stands', async (_name, running, would) => {
    const { at, ended } = await running()
    const answers = [
      await world.curl(['--proxy', `http://${at}`, 'http://mixed.example/']),
      await world.curl(['--socks5-hostname', at, 'http://mixed6.example/']),
    ]
    expect(answers[0]?.stdout).toContain(`"at":"${cn.v4}"`)
    expect(answers[1]?.stdout).toContain(`"at":"${cn.v6}"`)
    const records = await ended(0, 2)
    expect(records.map(({ verdict, would, dialled, country }) => ({ verdict, would, dialled, country }))).toEqual([
      { verdict: 'allow', would, dialled: cn.v4, country: 'CN' },
      { verdict: 'allow', would, dialled: cn.v6, country: 'CN' },
    ])
    expect(records.map(({ candidates }) => candidates.map(({ ip }) => ip))).toEqual([
      [cn.v4, us.v4],
      [cn.v6, us.v4],
    ])
    // What the pack would have done is counted beside the policy in force.
    if (would === 'allow') expect(records.map(({ shadow }) => shadow['no-cn'])).toEqual(['steer', 'steer'])
  })

  test('in observe mode a forbidden name is reached, and the record says what enforcing would have done', async () => {
    const { at, count, ended } = await noCnObserved()
    const before = count()
    const answer = await world.curl(['--proxy', `http://${at}`, 'http://cn4.example/'])
    expect(answer.stdout).toContain(`"at":"${cn.v4}"`)
    expect((await ended(before))[0]).toMatchObject({
      verdict: 'allow',
      would: 'block',
      ending: 'completed',
      dialled: cn.v4,
      sentence:
        'Would block: cn4.example is at 52.81.151.250, which all 3 sources place in China (CN); fence "no-cn" lets nothing reach it.',
    })
  })
})

describe('a name that changes its answer between two look-ups', () => {
  const queriesOf = async (name: string) =>
    (await world.report()).queries
      .filter((query) => query.name === name)
      .map(({ type }) => type)
      .sort()

  test.each(everyDoor)('by %s is dialled at the address that was judged, from one look-up', async (door, proxy) => {
    const { at, count, ended } = await noCn()
    const before = count()
    const [good, bad] = [`${door}.flip.example`, `${door}.flop.example`]
    const permitted = await world.curl([...proxy(at), `http://${good}/`])
    expect(permitted.stdout).toContain(`"at":"${us.v4}"`)
    const refused = await world.curl([...proxy(at), `http://${bad}/`])
    expect(refused.stdout).not.toContain('"at"')
    expect(await world.reached()).toEqual([`${us.v4}:80`])
    expect(await queriesOf(good)).toEqual(['A', 'AAAA'])
    expect(await queriesOf(bad)).toEqual(['A', 'AAAA'])
    const records = await ended(before, 2)
    expect(records.map(({ asked, verdict, address }) => ({ asked, verdict, address }))).toEqual([
      { asked: good, verdict: 'allow', address: us.v4 },
      { asked: bad, verdict: 'block', address: cn.v4 },
    ])
  })

  test('is judged anew at each flow', async () => {
    const { at } = await noCn()
    const ask = () => world.curl(['--proxy', `http://${at}`, 'http://anew.flip.example/'])
    const answers = [await ask(), await ask()]
    expect(answers.map(({ stdout }) => stdout.split('\r\n')[0])).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 403 Forbidden'])
  })
})

describe('not one packet', () => {
  const counter = async () => {
    const { stdout } = await world.inside.run(['nft', 'list', 'counter', 'inet', 'watch', 'forbidden'])
    return Number(/packets ([0-9]+)/.exec(stdout)?.[1])
  }
  const ruleSet = `
    table inet watch {
      counter forbidden {}
      chain out {
        type filter hook output priority 0;
        ip daddr ${cn.v4} counter name forbidden
        ip6 daddr ${cn.v6} counter name forbidden
      }
    }
  `

  test('leaves for a forbidden address, whatever is asked at whichever door', { timeout: 40_000 }, async () => {
    const { at, count, ended } = await noCn()
    await world.inside.run(['nft', '-f', '-'], { input: ruleSet })
    const capture = path.join(world.folder, 'forbidden.pcap')
    const tcpdump = world.inside.start(
      ['tcpdump', '-i', cable, '--immediate-mode', '-U', '-w', capture, '-Z', 'root', `dst host ${cn.v4} or dst host ${cn.v6}`],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await new Promise<void>((resolve) => tcpdump.stderr?.on('data', (chunk: Buffer) => chunk.includes('listening on') && resolve()))
    const captured = async () =>
      (await world.inside.run(['tcpdump', '-n', '-Z', 'root', '-r', capture])).stdout.split('\n').filter(Boolean).length

    const asked = [
      'cn.example',
      'cn4.example',
      'cn6.example',
      'mixed.example',
      'mixed6.example',
      cn.v4,
      `[${cn.v6}]`,
      `[::ffff:${cn.v4}]`,
      '0x34.0x51.0x97.0xfa',
      '877762554',
    ]
    const before = count()
    for (const [, proxy] of everyDoor) {
      for (const scheme of ['http', 'https']) {
        // Paths as they stand: curl shall send an odd literal, not the address that it means.
        await world.curl([...proxy(at), '--insecure', ...asked.map((host) => `${scheme}://${host}/`)])
      }
    }
    const records = await ended(before, 50)
    expect(records.filter(({ verdict }) => verdict === 'block').length).toBeGreaterThan(50)
    expect(records.filter(({ dialled }) => dialled !== null && dialled !== us.v4)).toEqual([])
    await pause(300)
    expect({ counted: await counter(), captured: await captured() }).toEqual({ counted: 0, captured: 0 })

    // The control: both would have seen one.
    await world.curl(['--noproxy', '*', `http://${cn.v4}/`, `http://[${cn.v6}]/`])
    await pause(300)
    tcpdump.kill('SIGINT')
    await new Promise((resolve) => tcpdump.once('close', resolve))
    expect(await counter()).toBeGreaterThan(5)
    expect(await captured()).toBe(await counter())
    expect(await world.reached()).toContain(`${cn.v4}:80`)
    await world.inside.run(['nft', 'delete', 'table', 'inet', 'watch'])
    fs.rmSync(capture)
  })
})

describe.each([
  ['enforcing', noCn],
  ['observing', noCnObserved],
  ['under policy observe', observe],
] as const)('refused in every mode: %s', (_name, running) => {
  const refusal = async (url: string) => {
    const { at } = await running()
    const { stdout } = await world.curl(['--proxy', `http://${at}`, url])
    return {
      status: /^HTTP\/1\.1 (\d+)/.exec(stdout)?.[1],
      error: /Proxy-Status: ringfence; error=(\w+)/.exec(stdout)?.[1],
      sentence: stdout.split('\r\n\r\n')[1]?.trim(),
    }
  }

  test.each([
    ['rebind-lan.example', '10.0.0.5'],
    ['rebind-loopback.example', '127.0.0.1'],
  ])('the public name %s with the local answer %s', async (name, address) => {
    const { status, error, sentence } = await refusal(`http://${name}/`)
    expect({ status, error }).toEqual({ status: '403', error: 'destination_ip_prohibited' })
    expect(sentence).toMatch(
      /^Blocked: the public name rebind-\S+ was answered with the local address \S+; names that may have local answers stand under "local_names"\.$/,
    )
    if (address.startsWith('10.')) expect(sentence).toContain(address)
  })

  test.each(['http://169.254.169.254/latest/meta-data/', 'http://metadata.example/', 'http://[::ffff:169.254.169.254]/'])(
    'cloud metadata at %s',
    async (url) => {
      const { status, sentence } = await refusal(url)
      expect(status).toBe('403')
      expect(sentence).toContain('169.254.169.254 is a cloud metadata service, which is never reached through the proxy')
    },
  )

  test('its own door, under any name of this machine', async () => {
    const { port } = await running()
    for (const host of ['127.0.0.1', 'localhost', '127.1', '[::1]']) {
      expect(await refusal(`http://${host}:${port}/`)).toMatchObject({
        status: '403',
        error: 'proxy_loop_detected',
        sentence: expect.stringContaining("is Ringfence's own door"),
      })
    }
  })

  test('port 25, by every door', async () => {
    const { at } = await running()
    expect(await refusal('http://us4.example:25/')).toMatchObject({
      status: '403',
      sentence: 'Blocked: port 25 is denied; see "denied_ports".',
    })
    const tunnels = [
      await world.curl(['--proxytunnel', '--proxy', `http://${at}`, 'http://us4.example:25/']),
      await world.curl(['--socks4a', at, 'http://us4.example:25/']),
      await world.curl(['--socks5-hostname', at, 'http://us4.example:25/']),
    ]
    expect(tunnels.map(({ status }) => status)).toEqual([56, 97, 97])
    expect((await world.report()).queries).toEqual([])
    expect(await world.reached()).toEqual([])
  })
})

test('a server that speaks first is heard by every kind of tunnel', async () => {
  const { port } = await noCn()
  for (const kind of [
    ['-X', 'connect'],
    ['-X', '4'],
    ['-X', '5'],
  ]) {
    const { stdout } = await world.inside.run(['nc', '-w', '3', '-N', ...kind, '-x', `127.0.0.1:${port}`, ru.v4, String(ports.banner)], {
      input: 'hi\n',
    })
    expect({ kind, stdout }).toEqual({ kind, stdout: 'SSH-2.0-world\r\nhi\n' })
  }
})
