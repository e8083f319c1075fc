import { expect, test } from 'vitest'
import { fill, misfit, NOTHING, nothingGiven, type ParameterValue, readParameters } from '../../src/policy/parameters.ts'
import { formatPath, type Path } from '../../src/policy/path.ts'
import { faultsOf, policy, strict } from './words.ts'

const filled = (written: unknown, values: Readonly<Record<string, ParameterValue>> = {}) => {
  const reports: string[] = []
  const result = fill(written, new Map(Object.entries(values)), (path, message) => reports.push(`${formatPath(path)}: ${message}`))
  return { ...result, reports }
}

// --- values in the place of names ------------------------------------------------------------------------------------------

test('a value stands where its name stood alone, of whatever type it is', () => {
  const values = { n: 443, yes: true, word: 'block', list: ['IN', 'SG'] }
  expect(filled({ a: '$n', b: { c: '$yes' }, d: ['$word'], e: '$list' }, values).value).toEqual({
    a: 443,
    b: { c: true },
    d: ['block'],
    e: ['IN', 'SG'],
  })
})

test('in a list a list joins in', () =>
  expect(filled({ only: ['US', '$more', 'DE', '$more'] }, { more: ['IN', 'SG'] }).value).toEqual({
    only: ['US', 'IN', 'SG', 'DE', 'IN', 'SG'],
  }))

test('a list that is left empty says so, and one that was written empty stays so', () => {
  const values = { none: [], some: ['IN'] }
  expect(filled({ a: '$none', b: ['$none', '$none'], c: ['$none', 'US'], d: [], e: ['$none', '$some'] }, values).value).toEqual({
    a: [NOTHING],
    b: [NOTHING],
    c: ['US'],
    d: [],
    e: ['IN'],
  })
})

test('what only looks like a name is left as it is', () => {
  const text = { a: '$5', b: 'costs $n', c: '$', d: '$N', e: '$$n', f: '$n ' }
  expect(filled(text, { n: 1 })).toMatchObject({ value: text, reports: [] })
})

test('the parameters themselves are not filled in, and what is given is not changed', () => {
  const written = { parameters: { n: { default: '$n' } }, x: '$n' }
  expect(filled(written, { n: 1 }).value).toEqual({ parameters: { n: { default: '$n' } }, x: 1 })
  expect(written.x).toBe('$n')
})

test.each([[null], ['$n'], [['$n']], [7]])('what is no file of keys is left to the check of its shape: %j', (written) =>
  expect(filled(written, { n: 1 }).value).toEqual(written),
)

test('a name that no parameter has is told where it stands, with the nearest or with all', () => {
  expect(filled({ a: ['x', '$reigons'] }, { regions: ['IN'] }).reports).toEqual([
    'a[1]: "$reigons" is no parameter of this policy, did you mean "regions"?',
  ])
  expect(filled({ a: '$elsewhere' }, { regions: ['IN'], on: true }).reports).toEqual([
    'a: "$elsewhere" is no parameter of this policy ($regions, $on)',
  ])
  expect(filled({ a: '$x' }).reports).toEqual(['a: "$x" is no parameter of this policy (it has none)'])
})

// --- the way back ---------------------------------------------------------------------------------------------------------

test('each part is found again where it was written', () => {
  const { value, placeOf } = filled({ f: [{ only: ['US', '$two', 'DE', { x: ['$two', 'y'] }] }] }, { two: ['IN', 'SG'] })
  expect(value).toEqual({ f: [{ only: ['US', 'IN', 'SG', 'DE', { x: ['IN', 'SG', 'y'] }] }] })
  const stood = (...path: Path) => formatPath(placeOf(path))
  expect(stood('f', 0, 'only', 0)).toBe('f[0].only[0]')
  expect(stood('f', 0, 'only', 1)).toBe('f[0].only[1]')
  expect(stood('f', 0, 'only', 2)).toBe('f[0].only[1]')
  expect(stood('f', 0, 'only', 3)).toBe('f[0].only[2]')
  expect(stood('f', 0, 'only', 4, 'x', 1)).toBe('f[0].only[3].x[0]')
  expect(stood('f', 0, 'only', 4, 'x', 2)).toBe('f[0].only[3].x[1]')
})

test('a part knows which parameter it came from, and which of its items it is', () => {
  const written = { only: ['US', '$two'], on: '$yes', hosts: '$two', none: '$none', both: ['$none'], kept: ['$none', 'UK'] }
  const { cameFrom } = filled(written, { two: ['IN', 'SG'], yes: true, none: [] })
  expect(cameFrom(['only', 0])).toBeNull()
  expect(cameFrom(['only', 2])).toEqual({ name: 'two', index: 1 })
  expect(cameFrom(['hosts', 0])).toEqual({ name: 'two', index: 0 })
  expect(cameFrom(['on'])).toEqual({ name: 'yes', index: null })
  expect(cameFrom(['on', 'deeper'])).toEqual({ name: 'yes', index: null })
  expect(cameFrom(['none'])).toEqual({ name: 'none', index: null })
  expect(cameFrom(['both'])).toEqual({ name: 'none', index: null })
  expect(cameFrom(['kept', 0])).toBeNull()
  expect(cameFrom([])).toBeNull()
})

// --- types ----------------------------------------------------------------------------------------------------------------

test.each<[type: Parameters<typeof misfit>[1]['type'], fits: readonly ParameterValue[], not: readonly ParameterValue[], says: string]>([
  ['territory', [[], ['IN', 'eea']], ['IN', true, 5, [5]], 'must be a list of countries and groups such as [IN, eea]'],
  ['apps', [[], ['zoom']], ['zoom', [1]], 'must be a list of apps such as [zoom, webex]'],
  ['hosts', [['pay.example.com']], ['pay.example.com'], 'must be a list of host names such as [pay.example.com]'],
  ['networks', [['10.0.0.0/8']], ['10.0.0.0/8', false], 'must be a list of networks such as [10.0.0.0/8]'],
  ['ports', [[443, '8801-8810']], [443, '443'], 'must be a list of ports such as [443, "8801-8810"]'],
  ['groups', [['research']], ['research'], 'must be a list of groups of users such as [research]'],
  ['action', ['block', 'log'], ['allow', true, []], 'must be block or log'],
  ['effect', ['block', 'log', 'allow'], ['deny', true], 'must be block, log or allow'],
  ['switch', [true, false], ['true', 'on', 1, []], 'must be true or false'],
])('type %s', (type, fits, not, says) => {
  const parameter = { type, default: true, says: 'x' }
  for (const value of fits) expect(misfit(value, parameter), JSON.stringify(value)).toBeNull()
  for (const value of not) expect(misfit(value, parameter), JSON.stringify(value)).toBe(says)
})

test('what was given counts, then the default; parameters that are not sound have no values yet', () => {
  const parameters = {
    regions: { type: 'territory', default: ['IN'], says: 'x' },
    on: { type: 'switch', default: false, says: 'x' },
  }
  const values = new Map<string, ParameterValue>([['on', true]])
  expect([...readParameters({ parameters }, nothingGiven)]).toEqual([
    ['regions', ['IN']],
    ['on', false],
  ])
  expect([...readParameters({ parameters }, { ...nothingGiven, values })]).toEqual([
    ['regions', ['IN']],
    ['on', true],
  ])
  expect([...readParameters({ parameters: { regions: { type: 'flowers' } } }, nothingGiven)]).toEqual([])
  expect([...readParameters('a sentence', nothingGiven)]).toEqual([])
})

// --- what an empty list makes of a policy ------------------------------------------------------------------------------------

const none = (type: string) => ({ type, default: [], says: 'x' })
const empty = (fences: readonly object[], definitions: object = {}) =>
  policy({
    uncertain: strict,
    parameters: { hosts: none('hosts'), countries: none('territory'), networks: none('networks') },
    definitions,
    fences: fences.map((fence, i) => ({ name: `f${i}`, ...fence })),
  })
const judging = (...fences: readonly object[]) => empty(fences).fences.map(({ name }) => name)

test('a fence over what was left empty is over nothing: it is off', () => {
  expect(judging({ traffic: { host: '$hosts' }, never: ['CN'] })).toEqual([])
  expect(judging({ traffic: { host: ['$hosts'], port: 443 }, never: 'anywhere' })).toEqual([])
  expect(judging({ traffic: { host: ['$hosts', 'a.example'] }, never: ['CN'] })).toEqual(['f0'])
  expect(empty([{ traffic: { host: '$hosts' }, never: ['CN'] }]).off).toHaveLength(1)
})

test('a fence that keeps from nowhere is off, and one that permits nothing is a fault', () => {
  expect(judging({ never: ['$countries'] })).toEqual([])
  expect(judging({ never: ['$countries', 'CN'] })).toEqual(['f0'])
  expect(faultsOf(() => empty([{ only: ['$countries'] }]))).toEqual([
    expect.stringContaining('fences[0].only: must name at least one country'),
  ])
})

test('an exception for what was left empty is gone, and one to nowhere', () => {
  const exceptions = (exception: object) =>
    empty([{ never: ['CN'], except: [{ reason: 'x', ...exception }] }]).fences.map((fence) => fence.exceptions.length)
  expect(exceptions({ host: '$hosts' })).toEqual([0])
  expect(exceptions({ host: ['$hosts', 'a.example'] })).toEqual([1])
  expect(exceptions({ host: 'a.example', cidr: '$networks' })).toEqual([0])
  expect(exceptions({ host: 'a.example', to: ['$countries'] })).toEqual([0])
  expect(exceptions({ host: 'a.example', to: ['$countries', 'US'] })).toEqual([1])
})

test('what is not nothing is everything', () => {
  const [fence] = empty([{ traffic: { port: 443, not: { host: '$hosts' } }, never: ['CN'] }]).fences
  expect(fence?.traffic.map(({ name }) => name)).toEqual(['port'])
})

test('a definition of nothing is nothing, and beside others it is left out', () => {
  const definitions = { nothing: { host: '$hosts' }, nor: { is: 'nothing', port: 443 }, something: { host: 'a.example' } }
  const over = (is: unknown) =>
    empty([{ traffic: { is }, never: ['CN'] }], definitions).fences.map((fence) => fence.traffic[0]?.matcher.document)
  expect(over('nothing')).toEqual([])
  expect(over('nor')).toEqual([])
  expect(over(['nothing', 'nor'])).toEqual([])
  expect(over(['nothing', 'something'])).toEqual([['something']])
})

test('what stands for nothing cannot be written into a file', () => {
  const faulty = () => policy({ fences: [{ name: 'a', traffic: { host: '\u0000nothing' }, never: ['\u0000nothing'] }] })
  expect(faulty).toThrow(/fences\[0\]\.traffic\.host: holds a NUL/)
  expect(faulty).toThrow(/fences\[0\]\.never\[0\]: holds a NUL/)
})
