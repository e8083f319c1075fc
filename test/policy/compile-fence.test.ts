import { expect, test } from 'vitest'
import type { Fence } from '../../src/policy/policy.ts'
import { madeUpApps } from './made-up.ts'
import { faultsOf, policy, strict } from './words.ts'

const library = { apps: madeUpApps }
const written = (fence: object, more: object = {}) => ({ uncertain: strict, ...more, fences: [{ name: 'one', ...fence }] })

function compiled(fence: object, more: object = {}): Fence {
  const { fences, off } = policy(written(fence, more), library)
  const [first] = [...fences, ...off]
  if (first === undefined) throw new Error('it has one fence')
  return first
}

/** Path and message of each fault. */
const faults = (fence: object, more: object = {}): readonly string[] =>
  faultsOf(() => policy(written(fence, more), library)).map((fault) => fault.replace(/^\S+ /, ''))

test('what a fence does not say has its default', () =>
  expect(compiled({ never: ['CN'] })).toEqual({
    name: 'one',
    traffic: [],
    territory: { kind: 'never', countries: new Set(['CN']), words: ['CN'] },
    axes: ['server'],
    exceptions: [],
    action: 'block',
    uncertain: strict,
    note: null,
    enabled: true,
    empty: false,
    locked: false,
    origin: { policy: 'test', file: 'test.yaml', line: 8 },
  }))

test('what it says is what it is', () =>
  expect(compiled({ only: ['IN'], action: 'log', note: 'by law', locked: true, enabled: false })).toMatchObject({
    action: 'log',
    note: 'by law',
    locked: true,
    enabled: false,
  }))

test('the axes are in one order, each once, and one word is a list of one', () => {
  expect(compiled({ never: ['CN'], country_of: 'network' }).axes).toEqual(['network'])
  expect(compiled({ never: ['CN'], country_of: ['company', 'server', 'company', 'registry'] }).axes).toEqual([
    'server',
    'registry',
    'company',
  ])
})

test('a fence that lets nothing through reads no country, and says none', () =>
  expect(faults({ never: 'anywhere', country_of: ['network'] })).toEqual([
    'fences[0].country_of: "never: anywhere" asks for no country: leave "country_of" out',
  ]))

test('a word on uncertainty in a fence goes before the policy’s, key by key', () =>
  expect(compiled({ never: ['CN'], uncertain: { unknown: 'allow' } }).uncertain).toEqual({ ...strict, unknown: 'allow' }))

test('a fence that reads countries must know what to do where it cannot be sure', () => {
  const unsaid = (uncertain?: object) => faults({ never: ['CN'], ...(uncertain && { uncertain }) }, { uncertain: undefined })
  expect(unsaid()).toEqual([
    'fences[0]: say what happens where the place of an address is disputed, unknown or anycast (block, log or allow): "uncertain: { disputed: block, unknown: block, anycast: block }"',
  ])
  expect(unsaid({ disputed: 'log', unknown: 'log' })).toEqual([
    'fences[0]: say what happens where the place of an address is anycast (block, log or allow): "uncertain: { anycast: block }"',
  ])
  expect(unsaid(strict)).toEqual([])
  expect(faults({ never: 'anywhere' }, { uncertain: undefined })).toEqual([])
})

// --- exceptions --------------------------------------------------------------------------------------------------------------

const excepted = (exception: object, more: object = {}) =>
  compiled({ never: ['CN'], except: [{ reason: 'x', ...exception }] }, more).exceptions
const misfit = (exception: object, more: object = {}) => faults({ never: ['CN'], except: [{ reason: 'x', ...exception }] }, more)

test('an exception says where it holds, how long and why', () =>
  expect(excepted({ host: 'zoom.us', to: ['US'], until: '2027-06-30', reason: 'sign-in' })).toEqual([
    { traffic: [expect.objectContaining({ name: 'host' })], to: new Set(['US']), endsAt: Date.UTC(2027, 6, 1), reason: 'sign-in' },
  ]))

test.each([
  { app: 'zoom' },
  { category: 'meetings' },
  { host: 'zoom.us' },
  { cidr: '10.0.0.0/8' },
  { user: 'ana' },
  { group: 'legal' },
  { client: '10.0.0.0/8' },
  { host: 'zoom.us', port: 443, network: 'tcp', inbound: 'mixed', during: { days: 'sun', zone: 'UTC' } },
])('%j says who or where, so that it may be an exception', (exception) => expect(misfit(exception)).toEqual([]))

test.each([{ port: 443 }, { network: 'udp' }, { inbound: 'mixed' }, { during: { days: 'sun', zone: 'UTC' } }])(
  '%j alone would lift the fence for everybody, to anywhere',
  (exception) => {
    const [key] = Object.keys(exception)
    expect(misfit(exception)).toEqual([expect.stringContaining(`by "${key}" alone it would lift the fence for everybody, to anywhere`)])
  },
)

test('a definition may be an exception if every way to meet it says who or where, and none by a "not"', () => {
  const definitions = {
    calls: { host: 'zoom.us' },
    web: { port: 443 },
    others: { host: 'zoom.us', not: { port: 80 } },
    deep: { is: 'others' },
  }
  const of = (is: unknown, more: object = {}) => misfit({ is, ...more }, { definitions })
  expect(of('calls')).toEqual([])
  expect(of('web')).toEqual([expect.stringContaining('by "is: web" alone it would lift')])
  expect(of(['calls', 'web'])).toEqual([expect.stringContaining('by "is: calls, web" alone it would lift')])
  expect(of(['calls', 'web'], { client: '10.0.0.0/8' })).toEqual([])
  const not = 'fences[0].except[0]: an exception says what is permitted: the definition that it names must not hold a "not"'
  expect(of('others')).toEqual([not])
  expect(of('deep')).toEqual([not])
})

test('an exception that says nothing would lift the whole fence', () =>
  expect(misfit({})).toEqual([expect.stringMatching(/^fences\[0\]\.except\[0\]: .*: without that it would lift the whole fence$/)]))

test('an exception ends on a day of the calendar', () =>
  expect(misfit({ host: 'zoom.us', until: '2027-02-29' })).toEqual([
    'fences[0].except[0].until: "2027-02-29" is not a day of the calendar (write 2027-06-30)',
  ]))

test('all faults of a fence are told at once', () =>
  expect(
    faults({ traffic: { port: 0 }, never: ['UK'], except: [{ port: 1, to: ['XX'], until: 'soon', reason: 'x' }] }).map(
      (fault) => fault.split(': ')[0],
    ),
  ).toEqual([
    'fences[0].traffic.port',
    'fences[0].never[0]',
    'fences[0].except[0]',
    'fences[0].except[0].to[0]',
    'fences[0].except[0].until',
  ]))
