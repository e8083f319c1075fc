import { expect, test } from 'vitest'
import { endedExceptions } from '../../src/policy/analyse.ts'
import { madeUpApps } from './made-up.ts'
import { policy, someGroups, strict } from './words.ts'

const compiled = (document: object) => policy({ uncertain: strict, ...document }, { apps: madeUpApps, groups: someGroups })
const warnings = (document: object) => compiled(document).warnings.map(({ message }) => message)
const ofFences = (...fences: readonly object[]) => warnings({ fences: fences.map((fence, i) => ({ name: 'abcdef'[i], ...fence })) })

test('a policy that says what is meant has no warnings', () =>
  expect(
    warnings({
      groups: { ours: ['IN'] },
      definitions: { calls: { app: 'zoom', host: '.zoom.us' } },
      fences: [
        { name: 'a', never: ['CN'] },
        { name: 'b', traffic: { is: 'calls' }, only: ['ours', 'SG'], except: [{ host: 'zoom.us', to: ['US'], reason: 'sign-in' }] },
      ],
    }),
  ).toEqual([]))

test('a warning has its place', () => {
  const { warnings: found } = compiled({
    groups: { eea: ['CH'] },
    definitions: { x: { port: 1 } },
    fences: [
      { name: 'a', only: ['eea'] },
      { name: 'b', only: ['US'] },
    ],
  })
  expect(found.map(({ position: { file, line }, path }) => `${file}:${line} ${path}`)).toEqual([
    'test.yaml:14 ',
    'test.yaml:8 groups.eea',
    'test.yaml:11 definitions.x',
  ])
})

// --- fences that cannot be met together ------------------------------------------------------------------------------------

const unmet = (names: string, what: string) => `fences ${names} cannot be met together: no country is left, so that ${what} is blocked`

test('two fences over the same that leave no country are told, once', () => {
  expect(ofFences({ only: ['IN'] }, { only: ['US', 'DE'] })).toEqual([unmet('"a" and "b"', 'everything')])
  expect(ofFences({ only: ['IN'] }, { never: ['IN', 'CN'] })).toEqual([unmet('"a" and "b"', 'everything')])
  expect(ofFences({ traffic: { app: 'zoom' }, only: ['IN'] }, { traffic: { app: ['zoom'] }, only: ['US'] })).toEqual([
    unmet('"a" and "b"', 'all that they both select'),
  ])
})

test('a fence over everything is also over what another selects', () =>
  expect(ofFences({ only: ['IN'] }, { traffic: { app: 'zoom' }, only: ['US'] })).toEqual([
    unmet('"a" and "b"', 'all that they both select'),
  ]))

test('three may leave nothing where two of them leave something', () =>
  expect(ofFences({ only: ['IN', 'US'] }, { only: ['US', 'DE'] }, { only: ['IN', 'DE'] })).toEqual([
    unmet('"a" and "b" and "c"', 'everything'),
  ]))

test('fences that leave a country, or that need not be met together, are not told', () => {
  expect(ofFences({ only: ['IN', 'US'] }, { only: ['US'] })).toEqual([])
  expect(ofFences({ never: ['CN'] }, { never: ['RU'] })).toEqual([])
  expect(ofFences({ traffic: { app: 'zoom' }, only: ['IN'] }, { traffic: { app: 'lark' }, only: ['US'] })).toEqual([])
  expect(ofFences({ only: ['IN'] }, { only: ['US'], action: 'log' })).toEqual([])
  expect(ofFences({ only: ['IN'] }, { only: ['US'], enabled: false })).toEqual([])
  expect(ofFences({ only: ['IN'] }, { only: ['US'], country_of: 'network' })).toEqual([])
  expect(ofFences({ only: ['IN'] }, { never: 'anywhere', traffic: { port: 22 } })).toEqual([])
})

test('an exception of the one may be how both are met', () => {
  const zoom = { app: 'zoom', reason: 'x' }
  expect(ofFences({ only: ['IN'], except: [zoom] }, { traffic: { app: 'zoom' }, only: ['US'] })).toEqual([])
  expect(ofFences({ only: ['IN'], except: [{ ...zoom, to: ['US'] }] }, { traffic: { app: 'zoom', port: 443 }, only: ['US'] })).toEqual([])
  // It is for a part of what both are over.
  expect(ofFences({ only: ['IN'], except: [zoom] }, { only: ['US'] })).toEqual([unmet('"a" and "b"', 'everything')])
  expect(
    ofFences({ only: ['IN'], except: [{ host: 'a.example', reason: 'x' }] }, { traffic: { host: 'b.example' }, only: ['US'] }),
  ).toEqual([unmet('"a" and "b"', 'all that they both select')])
})

// --- exceptions that lift nothing ------------------------------------------------------------------------------------------

const idle = (why: string) => `an exception of fence "a" ("x") lifts nothing: ${why}`
const excepting = (fence: object, exception: object) => ofFences({ ...fence, except: [{ reason: 'x', ...exception }] })

test('an exception for what the fence is not over is told, with the key that rules it out', () => {
  expect(excepting({ traffic: { host: '.zoom.us' }, never: ['CN'] }, { host: 'example.com' })).toEqual([
    idle('what it selects by "host" is none of the fence\'s traffic'),
  ])
  expect(excepting({ traffic: { port: 443 }, never: 'anywhere' }, { host: 'a.example', port: 80 })).toEqual([
    idle('what it selects by "port" is none of the fence\'s traffic'),
  ])
  expect(excepting({ traffic: { cidr: '52.80.0.0/15' }, never: ['CN'] }, { cidr: '10.0.0.0/8' })).toHaveLength(1)
  expect(excepting({ traffic: { host: '.zoom.us' }, never: ['CN'] }, { host: 'www.zoom.us' })).toEqual([])
  expect(excepting({ traffic: { host: '.zoom.us' }, never: ['CN'] }, { user: 'ana' })).toEqual([])
})

test('an exception to where the fence lets through anyway is told', () => {
  expect(excepting({ never: ['CN'] }, { host: 'a.example', to: ['US', 'IN'] })).toEqual([idle('the fence permits IN, US anyway')])
  expect(excepting({ only: ['IN', 'SG'] }, { host: 'a.example', to: ['SG'] })).toEqual([idle('the fence permits SG anyway')])
  expect(excepting({ only: ['IN', 'SG'] }, { host: 'a.example', to: ['SG', 'US'] })).toEqual([])
  expect(excepting({ never: 'anywhere' }, { host: 'a.example', to: ['US'] })).toEqual([])
  // The fence is by the network's home, `to` by where the server is.
  expect(excepting({ never: ['CN'], country_of: 'network' }, { host: 'a.example', to: ['US'] })).toEqual([])
})

test('of a fence that is off nothing is told', () =>
  expect(excepting({ never: ['CN'], enabled: false }, { host: 'a.example', to: ['US'] })).toEqual([]))

test('exceptions that have ended are told with the last day on which they held', () => {
  const { fences } = compiled({
    fences: [
      {
        name: 'a',
        only: ['IN'],
        except: [
          { host: 'a.example', until: '2027-06-30', reason: 'first' },
          { host: 'b.example', until: '2027-07-01', reason: 'second' },
          { host: 'c.example', reason: 'third' },
        ],
      },
    ],
  })
  const ended = (at: number) => endedExceptions({ fences }, at).map(({ position, message }) => `${position.line} ${message}`)
  expect(ended(Date.UTC(2027, 6, 1) - 1)).toEqual([])
  expect(ended(Date.UTC(2027, 6, 1))).toEqual(['8 an exception of fence "a" ("first") ended on 2027-06-30'])
  expect(ended(Date.UTC(2030, 0, 1))).toHaveLength(2)
})

// --- hosts, groups, definitions --------------------------------------------------------------------------------------------

const foreign = (host: string, apps: string) => `fence "a": ${host} is no name of ${apps}, so that no traffic is both`

test('a host that is no name of the app beside it is told', () => {
  const over = (traffic: object) => ofFences({ traffic, never: ['CN'] })
  expect(over({ app: 'zoom', host: ['www.zoom.us', 'tiktok.com', 'example.org'] })).toEqual([
    foreign('tiktok.com', 'zoom'),
    foreign('example.org', 'zoom'),
  ])
  expect(over({ app: ['zoom', 'tiktok'], host: 'example.org' })).toEqual([foreign('example.org', 'zoom or tiktok')])
  expect(over({ app: ['zoom', 'tiktok'], host: ['tiktok.com', 'shared.example'] })).toEqual([])
  // Some of the names below may be the app's.
  expect(over({ app: 'zoom', host: '.example.org' })).toEqual([])
  expect(over({ app: 'zoom', not: { host: 'example.org' } })).toEqual([])
  expect(over({ host: 'example.org' })).toEqual([])
})

test('a group that hides one of the library is told, and one of a new name is not', () =>
  expect(warnings({ groups: { eea: ['CH'], ours: ['IN'] } })).toEqual(['group "eea" hides the one of that name that comes with Ringfence']))

test('a definition that nothing reads is told', () => {
  const definitions = { calls: { host: 'zoom.us' }, mail: { is: 'ports' }, ports: { port: 25 } }
  const unused = (name: string) => `nothing reads definition "${name}": write "traffic: { is: ${name} }"`
  const over = (fence: object) => warnings({ definitions, fences: [{ name: 'a', never: ['CN'], ...fence }] })
  expect(over({})).toEqual([unused('calls'), unused('mail')])
  expect(over({ traffic: { not: { is: 'mail' } } })).toEqual([unused('calls')])
  expect(over({ traffic: { is: 'mail' }, except: [{ is: 'calls', reason: 'x' }] })).toEqual([])
})
