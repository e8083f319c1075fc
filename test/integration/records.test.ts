/** Every flow is exactly one record with exactly one ending, written before the client hears, whatever dies when. */
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FlowRecord } from '../../src/records/record.ts'
import { hosts, ports, silentAddress } from '../support/world-map.ts'
import { type Ringfence, useWorld } from '../support/world-setup.ts'

const { us, ru, cn } = hosts
const world = useWorld()

type Expected = { readonly [Key in keyof FlowRecord]?: FlowRecord[Key] extends string | null ? string | null : FlowRecord[Key] }

/** One request through each of four doors, all at once. */
const byEveryDoor = ({ at }: Ringfence, url: string) =>
  Promise.all([
    world.curl(['--proxy', `http://${at}`, url]),
    world.curl(['--proxytunnel', '--proxy', `http://${at}`, url]),
    world.curl(['--socks4a', at, url]),
    world.curl(['--socks5-hostname', at, url]),
  ])

function faults(ringfence: Ringfence): readonly string[] {
  const flows = new Map<string, string[]>()
  for (const event of ringfence.events()) {
    if (event.id === undefined) continue
    const { type, verdict } = event
    flows.set(event.id, [...(flows.get(event.id) ?? []), type === 'decided' && verdict === 'block' ? 'decided-blocked' : type])
  }
  return [...flows]
    .map(([id, types]) => ({ id, told: types.filter((type) => type !== 'rejudged').join(' ') }))
    .filter(({ told }) => told !== 'decided ended' && told !== 'decided-blocked')
    .map(({ id, told }) => `${id}: ${told}`)
}

describe('the records of one run', () => {
  const shared = world.shared({ policy: 'no-cn', settings: { limits: { dial_seconds: 1 } } })
  const cases: readonly (readonly [url: string, expected: Expected])[] = [
    [
      'http://us4.example/',
      {
        verdict: 'allow',
        would: 'allow',
        country: 'US',
        address: us.v4,
        dialled: us.v4,
        certainty: 'agreed',
        ending: 'completed',
        code: null,
      },
    ],
    [
      `http://${ru.v4}/`,
      {
        verdict: 'allow',
        would: 'allow',
        country: 'RU',
        address: ru.v4,
        dialled: ru.v4,
        certainty: 'agreed',
        ending: 'completed',
        code: null,
      },
    ],
    [
      'http://cn4.example/',
      {
        verdict: 'block',
        would: 'block',
        country: 'CN',
        address: cn.v4,
        dialled: null,
        certainty: 'agreed',
        ending: 'blocked',
        code: 'policy.blocked',
      },
    ],
    [
      'http://mixed.example/',
      {
        verdict: 'allow',
        would: 'steer',
        country: 'US',
        address: us.v4,
        dialled: us.v4,
        certainty: 'agreed',
        ending: 'completed',
        code: null,
      },
    ],
    [
      'http://nowhere.example/',
      {
        verdict: 'block',
        would: 'block',
        country: null,
        address: null,
        dialled: null,
        certainty: null,
        ending: 'blocked',
        code: 'resolve.not-found',
      },
    ],
    [
      `http://us4.example:${ports.refused}/`,
      { verdict: 'allow', would: 'allow', country: 'US', address: us.v4, dialled: null, ending: 'failed', code: 'dial.refused' },
    ],
    [
      `http://${silentAddress}/`,
      { verdict: 'allow', would: 'allow', country: 'US', address: silentAddress, dialled: null, ending: 'failed', code: 'dial.timeout' },
    ],
    [
      'http://us4.example:25/',
      { verdict: 'block', country: null, address: null, dialled: null, ending: 'blocked', code: 'refuse.denied-port' },
    ],
  ]

  test('are one for each flow, with one ending, and say what happened', async () => {
    const ringfence = await shared()
    for (const [url] of cases) await byEveryDoor(ringfence, url)
    const records = await ringfence.ended(0, cases.length * 4)
    expect(records).toHaveLength(cases.length * 4)
    for (const [url, expected] of cases) {
      const { hostname, port } = new URL(url)
      const mine = records.filter((record) => record.asked === hostname && record.port === Number(port || 80))
      expect(mine.map((record) => ({ url, ...record }))).toMatchObject(
        Array(4).fill({ url, ...expected, inbound: 'mixed', network: 'tcp', node: 'test', mode: 'enforce' }),
      )
    }
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
    expect(faults(ringfence)).toEqual([])
  })

  test('are found by country, verdict and host', async () => {
    const { flows } = await shared()
    const asked = async (...args: readonly string[]) => [...new Set((await flows(...args)).map(({ asked }) => asked))].sort()
    // What was left out of a steered flow did not take it there.
    expect(await asked('--country', 'CN')).toEqual(['cn4.example'])
    expect(await asked('--country', 'RU')).toEqual([ru.v4])
    expect(await asked('--country', 'CN,RU')).toEqual([ru.v4, 'cn4.example'])
    expect(await asked('--verdict', 'block')).toEqual(['cn4.example', 'us4.example'])
    expect(await asked('--verdict', 'not-reached')).toEqual([silentAddress, 'nowhere.example', 'us4.example'])
    expect(await asked('--verdict', 'block', '--country', 'CN')).toEqual(['cn4.example'])
    expect(await asked('--host', 'mixed.example')).toEqual(['mixed.example'])
    expect(await asked('--host', cn.v4)).toEqual(['cn4.example', 'mixed.example'])
  })

  test('count the bytes of both directions', async () => {
    const { at, count, ended } = await shared()
    const before = count()
    const body = 'b'.repeat(50_000)
    await world.curl(['--socks5-hostname', at, '--data-binary', '@-', 'http://us4.example/'], { input: body })
    const [record] = await ended(before)
    expect(record?.up).toBeGreaterThan(50_000)
    expect(record?.up).toBeLessThan(50_500)
    expect(record?.down).toBeGreaterThan(50_000)
    expect(record?.connect_ms).toBeGreaterThanOrEqual(0)
  })
})

describe('killed', () => {
  test('right behind a refusal, it has the record of it', async () => {
    for (const url of ['http://cn4.example/', `http://${cn.v4}/`]) {
      const ringfence = await world.ringfence()
      const { stdout } = await world.curl(['--proxy', `http://${ringfence.at}`, url])
      await ringfence.stop('SIGKILL')
      expect(stdout).toMatch(/^HTTP\/1\.1 403 /)
      const records = await ringfence.flows()
      expect(records).toMatchObject([{ verdict: 'block', ending: 'blocked', country: 'CN' }])
    }
  })

  test('among many refusals, it has the record of each that a client heard', async () => {
    const ringfence = await world.ringfence()
    const urls = Array.from({ length: 2_000 }, (_, i) => `http://cn4.example/${i}`)
    const asking = Promise.all([0, 1, 2, 3].map(() => world.curl(['--proxy', `http://${ringfence.at}`, '--fail-early', ...urls])))
    await expect.poll(async () => (await ringfence.flows()).length, { timeout: 5_000 }).toBeGreaterThan(20)
    await ringfence.stop('SIGKILL')
    const heard = (await asking).reduce((sum, { stdout }) => sum + (stdout.match(/^HTTP\/1\.1 403 /gm)?.length ?? 0), 0)
    const records = await ringfence.flows()
    expect(heard).toBeGreaterThan(0)
    expect(heard).toBeLessThan(4 * urls.length)
    expect(records.length).toBeGreaterThanOrEqual(heard)
    expect(new Set(records.map(({ verdict, ending }) => `${verdict} ${ending}`))).toEqual(new Set(['block blocked']))
  })

  test('with a flow open, it has the decision, and the next run goes on where it stopped', async () => {
    const records = path.join(world.folder, 'outlived')
    const first = await world.ringfence({ records })
    const slow = world.curl(['--proxy', `http://${first.at}`, 'http://us4.example/slow'])
    await expect.poll(async () => (await world.reached()).length, { timeout: 3_000 }).toBe(1)
    await first.stop('SIGKILL')
    expect((await slow).status).not.toBe(0)
    expect(await first.flows()).toMatchObject([{ asked: 'us4.example', verdict: 'allow', country: 'US' }])

    const second = await world.ringfence({ records })
    await world.curl(['--proxy', `http://${second.at}`, 'http://cn4.example/'])
    const told = (await second.flows()).map(({ asked, ending }) => `${asked} ${ending}`)
    expect(told.filter((line) => line.startsWith('us4.example '))).toEqual(['us4.example interrupted'])
    expect(told).toContain('cn4.example blocked')
    // The folder is its own: a third is turned away.
    await expect(world.ringfence({ records })).rejects.toThrow(/ringfence ended: ringfence: .*outlived/)
  })
})

test('stopped in good order, it closes every record and exits with 0', async () => {
  const ringfence = await world.ringfence()
  const slow = world.curl(['--proxy', `http://${ringfence.at}`, 'http://us4.example/slow'])
  await expect.poll(async () => (await world.reached()).length, { timeout: 3_000 }).toBe(1)
  expect(await ringfence.stop('SIGTERM')).toBe(0)
  // It had five seconds, and needed half of one.
  expect((await slow).stdout).toContain(`"at":"${us.v4}"`)
  expect(await ringfence.flows()).toMatchObject([{ ending: 'completed' }])
  expect(faults(ringfence)).toEqual([])
})
