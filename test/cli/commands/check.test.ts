import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkCommand } from '../../../src/cli/commands/check.ts'
import { startNameServer } from '../../support/name-server.ts'
import { expectScreen, folderWith, ran, world } from '../screen.ts'

const uncertain = 'uncertain: { disputed: block, unknown: block, anycast: allow }\n'

const policies = {
  'office.yaml': `version: 1
mode: enforce
${uncertain}local_network: { allow: [192.168.0.0/16], otherwise: block }
fences:
  - { name: nothing-to-china, never: [CN] }
  - name: zoom-stays-home
    traffic: { host: .zoom.us }
    only: [IN]
    except: [{ host: zoom.us, to: [US], reason: sign-in is served from the US }]
  - { name: no-tiktok, traffic: { host: .tiktok.com }, never: anywhere }
`,
  'study.yaml': `version: 1\nmode: observe\n${uncertain}fences: [{ name: stays-home, only: [IN] }]\n`,
  'flags.yaml': `version: 1\nmode: enforce\n${uncertain}fences: [{ name: to-china, never: [CN], action: log }]\n`,
}

const folder = () => folderWith({ ...world, ...policies })

/** `check` in a world of two databases; a policy is a pack's name or one of those above. */
async function check(args: readonly string[], policy: string | null = 'no-cn', inside = folder()) {
  const named = policy?.endsWith('.yaml') ? path.join(inside, policy) : policy
  const options = ['--config', path.join(inside, 'ringfence.yaml'), ...(named === null ? [] : ['--policy', named])]
  const { shown, code, error } = await ran((out) => checkCommand(() => out), [...args, ...options])
  return { shown: shown.replaceAll(`${inside}${path.sep}`, ''), code, error }
}

const screens: Readonly<Record<string, readonly [policy: string, ...args: string[]]>> = {
  allowed: ['no-cn', '8.8.8.8'],
  'allowed-name': ['no-cn', 'dns.google', '--at', '8.8.8.8'],
  observed: ['observe', '52.81.151.250'],
  blocked: ['no-cn', '52.81.151.250'],
  'blocked-name': ['no-cn', 'zoom.us', '--at', '52.81.151.250', '52.81.151.251'],
  'would-block': ['study.yaml', '8.8.8.8'],
  flagged: ['flags.yaml', 'cn.example', '--at', '52.81.151.250', '3.7.35.1'],
  'would-steer': ['study.yaml', 'meet.example', '--at', '8.8.8.8', '3.7.35.1'],
  steer: ['no-cn', 'zoom.us', '--at', '52.81.151.250', '3.7.35.1', '2a00:1450::1'],
  excepted: ['office.yaml', 'zoom.us', '--at', '8.8.8.8'],
  'only-some': ['office.yaml', 'us02web.zoom.us', '--at', '8.8.8.8'],
  disputed: ['no-cn', 'hk.example', '--at', '18.162.1.1'],
  unknown: ['no-cn', '23.192.228.7'],
  local: ['no-cn', 'localhost', '--at', '127.0.0.1'],
  'local-network': ['office.yaml', '10.0.0.5:22'],
  'refused-metadata': ['no-cn', '169.254.169.254:80'],
  'refused-rebinding': ['no-cn', 'rebind.example', '--at', '10.0.0.1', '8.8.8.8'],
  'refused-reserved': ['no-cn', 'fake.example', '--at', '198.18.0.5'],
  'refused-port': ['no-cn', 'mail.example:25', '--at', '8.8.8.8'],
  'refused-own-door': ['no-cn', '127.0.0.1:8080'],
  'embedded-nat64': ['no-cn', '64:ff9b::3451:97fa'],
  'embedded-teredo': ['no-cn', '2001:0:808:808::cbae:6805'],
  'early-block': ['office.yaml', 'www.tiktok.com', '--at', '8.8.8.8'],
}

const answers: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(screens).map((name) => [name, 1])),
  ...Object.fromEntries(
    ['allowed', 'allowed-name', 'observed', 'flagged', 'would-steer', 'steer', 'refused-rebinding', 'excepted', 'local'].map((name) => [
      name,
      0,
    ]),
  ),
}

test.each(Object.keys(screens))('the screen: %s', async (name) => {
  const [policy, ...args] = screens[name] ?? ['']
  const { shown, code } = await check(args, policy)
  expectScreen(`check-${name}`, `$ ringfence check ${args.join(' ')} --policy ${policy}\n${shown}(exit code ${code})\n`)
  expect(code).toBe(answers[name])
})

test('every sentence is plain and short', async () => {
  for (const [policy, ...args] of Object.values(screens)) {
    const [sentence = ''] = (await check(args, policy)).shown.split('\n')
    expect(sentence).toMatch(/^(Allowed|Blocked|Flagged|Would block|Would steer): .*\.$/)
    expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(32)
  }
})

test('as JSON: the verdict, its reasons, every source’s answer, and by what it was judged', async () => {
  const { shown, code } = await check(['hk.example:8443', '--at', '18.162.1.1', '--json'])
  expect(code).toBe(1)
  expect(shown).toMatch(/^\{.*\}\n$/)
  expect(JSON.parse(shown)).toEqual({
    asked: 'hk.example:8443',
    client: '127.0.0.1',
    user: 'anonymous',
    groups: [],
    apps: [],
    inbound: 'mixed',
    verdict: 'block',
    would: 'block',
    mode: 'enforce',
    sentence: expect.stringMatching(/^Blocked: hk\.example /),
    reasons: [{ kind: 'fence', fence: 'no-cn', outcome: 'disputed', effect: 'block', ip: '18.162.1.1' }],
    addresses: [
      {
        ip: '18.162.1.1',
        effect: 'block',
        refusal: null,
        fences: [{ fence: 'no-cn', outcome: 'disputed', effect: 'block' }],
        judged: [
          {
            ip: '18.162.1.1',
            scope: 'global',
            country: 'HK',
            possible: ['CN', 'HK'],
            stated: null,
            registry: null,
            anycast: false,
            network: null,
            sources: { One: 'HK', Two: 'CN' },
          },
        ],
      },
    ],
    upstreams: [],
    policy: { name: 'no-cn', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    table: {
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      sources: ['One', 'Two'].map((name) => ({
        name,
        role: 'voter',
        date: '2026-06-01',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        licence: null,
        attribution: null,
        coverage: expect.anything(),
      })),
    },
  })
})

test('observing allows, and answers "no" where enforcing would block', async () => {
  const { shown, code } = await check(['52.81.151.250', '--mode', 'observe', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(shown)).toMatchObject({ verdict: 'allow', would: 'block', mode: 'observe' })
})

test('a name is looked up where --at gives no address; no answer is bad input, not "allowed"', async () => {
  const server = await startNameServer({ zone: { 'here.example': { A: ['8.8.8.8'] } } })
  onTestFinished(() => server.close())
  const settings = `${world['ringfence.yaml']}resolver: { servers: ["udp://127.0.0.1:${server.port}"] }\n`
  const inside = folderWith({ ...world, 'ringfence.yaml': settings })
  const found = await check(['here.example'], 'no-cn', inside)
  expect(found.code).toBe(0)
  expect(found.shown).toContain('here.example is at 8.8.8.8')
  const missing = await check(['nowhere.example'], 'no-cn', inside)
  expect(missing).toEqual({
    shown: '',
    code: 2,
    error: expect.stringMatching(/^check: nowhere\.example does not exist or has no address, says udp:\/\/127\.0\.0\.1/),
  })
})

test.each([
  [['zoom.us', '--at', 'nowhere'], 'check: --at: "nowhere" is not an address'],
  [['8.8.8.8', '--at', '8.8.4.4'], 'check: --at names the addresses of a name, but 8.8.8.8 is an address already'],
  [['https://zoom.us/j/1'], /^check: .* \(give a host, not a URL\)$/],
  [['zoom.us:99999'], /^check: .*"99999" is not a port/],
  [['bad name'], /^check: /],
  [['8.8.8.8', '--client', 'laptop'], 'check: --client: "laptop" is not an address'],
  [['8.8.8.8', '--inbound', 'mixd'], 'check: --inbound: there is no door "mixd", did you mean "mixed"? (doors: mixed)'],
])('bad input %j is told in one line', async (args, message) => {
  const { shown, code, error } = await check(args)
  expect({ shown, code }).toEqual({ shown: '', code: 2 })
  expect(error).toMatch(message)
  expect(error).not.toContain('\n')
})

test('a client may be asked for, and a door', async () => {
  const doors =
    'inbounds: [{ type: mixed, listen: "127.0.0.1:1" }, { type: mixed, name: lab, listen: "127.0.0.1:2", clients: [127.0.0.0/8, 10.0.0.0/8] }]\n'
  const fences = `fences:
  - { name: not-the-guests, traffic: { client: 10.9.0.0/16 }, never: anywhere }
  - { name: not-from-the-lab, traffic: { inbound: lab }, never: anywhere }
`
  const settings = `${world['ringfence.yaml']}${doors}`
  const inside = folderWith({ ...world, 'ringfence.yaml': settings, 'who.yaml': `version: 1\nmode: enforce\n${fences}` })
  const asked = async (...as: readonly string[]) => {
    const { shown, code } = await check(['8.8.8.8', '--json', ...as], 'who.yaml', inside)
    const { client, inbound, reasons } = JSON.parse(shown)
    return { client, inbound, fence: reasons[0]?.fence, code }
  }
  expect(await asked()).toEqual({ client: '127.0.0.1', inbound: 'mixed', fence: undefined, code: 0 })
  expect(await asked('--client', '10.9.8.7')).toEqual({ client: '10.9.8.7', inbound: 'mixed', fence: 'not-the-guests', code: 1 })
  expect(await asked('--inbound', 'lab')).toEqual({ client: '127.0.0.1', inbound: 'lab', fence: 'not-from-the-lab', code: 1 })
  expect(await asked('--client', '::ffff:10.9.8.7', '--inbound', 'lab')).toMatchObject({ client: '10.9.8.7', fence: 'not-the-guests' })
  expect(await check(['8.8.8.8', '--client', '192.168.1.1', '--inbound', 'lab'], 'who.yaml', inside)).toEqual({
    shown: '',
    code: 2,
    error: 'check: --client: door "lab" serves no client at 192.168.1.1 (its clients: 127.0.0.0/8, 10.0.0.0/8)',
  })
})

test('without --policy it is the policy of the settings', async () => {
  expect((await check(['8.8.8.8'], null)).shown).toContain('policy observe, mode observe; data: One of 2026-06-01, Two of 2026-06-01\n')
})

test('what fences on users, groups and the time say is asked for with options', async () => {
  const folder = folderWith({
    ...world,
    'who.yaml': `version: 1
mode: enforce
${uncertain}fences:
  - name: office-hours
    traffic: { not: { during: { days: [mon-fri], hours: "09:00-17:00", zone: UTC } } }
    never: anywhere
    except: [{ user: ana, reason: on call }, { group: night, reason: the night shift }]
`,
  })
  const asked = (...args: string[]) => check(['8.8.8.8', ...args], 'who.yaml', folder)
  expect((await asked('--when', '2026-11-02T10:00Z')).code).toBe(0)
  expect((await asked('--when', '2026-11-02T20:00Z')).code).toBe(1)
  expect((await asked('--when', '2026-11-02T20:00Z', '--user', 'ana')).code).toBe(0)
  expect((await asked('--when', '2026-11-02T20:00Z', '--group', 'day', 'night')).code).toBe(0)
  expect((await asked('--when', 'tonight')).error).toMatch(/^check: --when: "tonight" is no day and no moment/)
})
