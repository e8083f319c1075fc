import { expect, test } from 'vitest'
import { judgeUpstreams } from '../../src/config/judge-upstreams.ts'
import { loadSettings } from '../../src/config/load.ts'
import { noApps } from '../../src/model/app.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { ip, policy, strict } from '../policy/words.ts'
import { tableLocator } from '../support/fake-ports.ts'

const locator = tableLocator({ '52.81.151.250': 'CN', '8.8.8.8': 'US' })
const refusals = {
  deniedPorts: [25],
  localNames: [],
  ownDoors: { has: (address: string, port: number) => address === '127.0.0.1' && port === 8080 },
}

const judge = (servers: readonly (readonly [string, number])[], document: Readonly<Record<string, unknown>>) =>
  judgeUpstreams(
    {
      ...loadSettings(),
      file: null,
      upstream: servers.map(([host, port]) => ({ type: 'socks5', server: { host: ip(host), port }, login: null, tls: null })),
    },
    policy({ uncertain: strict, ...document }),
    locator,
    refusals,
    noApps,
    0,
  )

const noCn = { fences: [{ name: 'no-cn', never: ['CN'] }] }

test('a proxy through which no flow may go is an error of the settings, with its place', () => {
  const both = [
    ['8.8.8.8', 1080],
    ['52.81.151.250', 1080],
  ] as const
  expect(() => judge(both, noCn)).toThrow(OperatorError)
  expect(() => judge(both, noCn)).toThrow('settings: upstream[1].server: 52.81.151.250:1080 is forbidden by fence "no-cn" of policy test')
  expect(() => judge([['10.0.0.1', 1080]], { local_network: 'block' })).toThrow('forbidden by local_network')
})

test('what is refused in every mode is refused here, whatever the policy', () => {
  expect(() => judge([['127.0.0.1', 8080]], { mode: 'observe' })).toThrow('forbidden by refuse.own-door')
  expect(() => judge([['10.0.0.1', 25]], { mode: 'observe' })).toThrow('forbidden by refuse.denied-port')
})

test('a proxy that some flow may go through is none: by observing, by a part of the traffic, by an exception', () => {
  const china = [['52.81.151.250', 1080]] as const
  judge(china, { ...noCn, mode: 'observe' })
  judge(china, { fences: [{ name: 'zoom', traffic: { host: ['zoom.us'] }, never: ['CN'] }] })
  judge(china, { fences: [{ name: 'no-cn', never: ['CN'], except: [{ host: ['a.example'], reason: 'a trial' }] }] })
  judge([['10.0.0.1', 1080]], noCn)
})
