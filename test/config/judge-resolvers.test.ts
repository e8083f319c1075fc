import { expect, test } from 'vitest'
import { judgeResolvers } from '../../src/config/judge-resolvers.ts'
import { loadSettings } from '../../src/config/load.ts'
import { noApps } from '../../src/model/app.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { policy, strict } from '../policy/words.ts'
import { tableLocator } from '../support/fake-ports.ts'

const locator = tableLocator({ '52.81.151.250': 'CN', '8.8.8.8': 'US' })
const refusals = { deniedPorts: [25], localNames: [], ownDoors: { has: () => false } }

function judge(servers: readonly string[], document: Readonly<Record<string, unknown>>) {
  const { resolver, ...rest } = loadSettings()
  const parsed = servers.map((host) =>
    host === 'system' ? { kind: 'system' as const } : { kind: 'udp' as const, host: host as never, port: 53 },
  )
  const [first, ...more] = parsed
  if (first === undefined) throw new Error('no server')
  judgeResolvers(
    { ...rest, file: null, resolver: { ...resolver, servers: [first, ...more] } },
    policy({ uncertain: strict, ...document }),
    locator,
    refusals,
    noApps,
    0,
  )
}

const noCn = { fences: [{ name: 'no-cn', never: ['CN'] }] }

test('a name server that the policy forbids is an error of the settings', () => {
  expect(() => judge(['8.8.8.8', '52.81.151.250'], noCn)).toThrow(OperatorError)
  expect(() => judge(['52.81.151.250'], noCn)).toThrow(
    'settings: resolver.servers: 52.81.151.250:53 is forbidden by fence "no-cn" of policy test',
  )
})

test('permitted and local ones are not, nor the system’s; and observing forbids nothing', () => {
  judge(['8.8.8.8', 'system', '127.0.0.1', '192.168.1.1'], noCn)
  judge(['52.81.151.250'], { ...noCn, mode: 'observe' })
})
