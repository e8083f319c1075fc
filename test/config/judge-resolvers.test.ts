import { expect, test } from 'vitest'
import { judgeResolvers } from '../../src/config/judge-resolvers.ts'
import { loadSettings } from '../../src/config/load.ts'
import { parseResolverServer } from '../../src/egress/resolver-server.ts'
import { noApps } from '../../src/model/app.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { policy, strict } from '../policy/words.ts'
import { tableLocator } from '../support/fake-ports.ts'

const locator = tableLocator({ '52.81.151.250': 'CN', '8.8.8.8': 'US' })
const refusals = { deniedPorts: [25], localNames: [], ownDoors: { has: () => false } }

function judge(servers: readonly string[], document: Readonly<Record<string, unknown>>) {
  const { resolver, ...rest } = loadSettings()
  const parsed = servers.map((text) => {
    const server = parseResolverServer(text === 'system' || text.includes('://') ? text : `udp://${text}`)
    if ('problem' in server) throw new Error(server.problem)
    return server
  })
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

test.each([
  ['tcp://52.81.151.250', '52.81.151.250:53'],
  ['tls://52.81.151.250#dns.example', '52.81.151.250:853'],
  ['https://52.81.151.250/dns-query', '52.81.151.250:443'],
])('%s is judged at the port where it would be asked', (server, endpoint) => {
  expect(() => judge([server], noCn)).toThrow(`${endpoint} is forbidden by fence "no-cn"`)
})

test('a fence on ports and protocols meets those who use them', () => {
  const noTls = { fences: [{ name: 'no-853', traffic: { port: 853, network: 'tcp' }, never: ['US'] }] }
  expect(() => judge(['tls://8.8.8.8'], noTls)).toThrow('8.8.8.8:853 is forbidden by fence "no-853"')
  // A long answer would be fetched by TCP.
  expect(() => judge(['udp://8.8.8.8:853'], noTls)).toThrow('8.8.8.8:853 is forbidden by fence "no-853"')
  judge(['https://8.8.8.8/dns-query', 'udp://8.8.8.8'], noTls)
})
