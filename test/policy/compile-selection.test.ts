import { expect, test } from 'vitest'
import { documentOf, readSelections } from '../../src/policy/compile-selection.ts'
import type { SelectionDocument } from '../../src/policy/document.ts'
import { NOTHING } from '../../src/policy/parameters.ts'
import { formatPath } from '../../src/policy/path.ts'
import { valuesOf } from '../../src/policy/selection.ts'
import { madeUpApps } from './made-up.ts'

function read(written: SelectionDocument, definitions: Readonly<Record<string, SelectionDocument>> = {}, isBase = false) {
  const reports: string[] = []
  const selections = readSelections(definitions, madeUpApps, (path, message) => reports.push(`${formatPath(path)}: ${message}`), isBase)
  const selected = selections.read(written, ['traffic'])
  return { selected, document: selected === 'nothing' ? selected : documentOf(selected), reports, used: [...selections.used].sort() }
}

test('each key is a term, in the order of the table, and one value is a list of one', () =>
  expect(read({ port: 443, host: ['ZOOM.us', '*.zoom.us'], app: 'zoom', not: { network: 'udp' } })).toMatchObject({
    document: { app: ['zoom'], host: ['zoom.us', '*.zoom.us'], port: [443], not: { network: ['udp'] } },
    reports: [],
  }))

test('what it is written as reads as the same again', () => {
  const definitions = { calls: { host: 'zoom.us' } }
  const once = read({ is: 'calls', not: { port: 80, not: { cidr: '10.0.0.0/8' } } }, definitions).document
  expect(read(once as SelectionDocument, definitions).document).toEqual(once)
})

test('a fault is told with its place, in a list with its index', () =>
  expect(
    read({
      host: 'a b',
      port: [443, 0],
      not: { cidr: ['10.0.0.0/8', 'x'] },
      during: [{ hours: '09:00-09:00', zone: 'Europe/Brelin' }],
    }).reports.map((report) => report.split(': ')[0]),
  ).toEqual(['traffic.host', 'traffic.port[1]', 'traffic.during[0].zone', 'traffic.during[0].hours', 'traffic.not.cidr[1]']))

test('a definition stands for what it says, and may be made of others', () => {
  const definitions = { all: { is: ['calls', 'mail'] }, calls: { host: 'zoom.us' }, mail: { port: 25 } }
  const { selected, document, used } = read({ is: 'all', network: 'tcp' }, definitions)
  expect(document).toEqual({ network: ['tcp'], is: ['all'] })
  expect(selected === 'nothing' ? [] : [valuesOf(selected, 'host'), valuesOf(selected, 'port')]).toEqual([['zoom.us'], ['25']])
  expect(used).toEqual(['all', 'calls', 'mail'])
})

test('a definition is used where something names it, another definition too, wherever that stands in the file', () => {
  const [outer, inner] = [{ outer: { is: 'inner' } }, { inner: { port: 25 } }]
  expect(read({}, { ...outer, ...inner }).used).toEqual(['inner'])
  expect(read({}, { ...inner, ...outer }).used).toEqual(['inner'])
})

test('a fault in a definition is told where it is written, once, however many name it', () =>
  expect(read({ is: ['calls', 'calls'], not: { is: 'calls' } }, { calls: { port: 0 } }).reports).toEqual([
    'definitions.calls.port: "0" is not a port (1–65535) or a range such as "8801-8810"',
  ]))

test('definitions in a circle are told once, at the word that closes it', () => {
  expect(read({ is: 'a' }, { a: { is: 'b' }, b: { is: ['c'] }, c: { not: { is: 'a' } } }).reports).toEqual([
    'definitions.c.not.is: definition "a" is made of itself (a → b → c → a)',
  ])
  expect(read({}, { a: { is: 'a' } }).reports).toEqual(['definitions.a.is: definition "a" is made of itself'])
})

test('a definition that is not there is told, with the nearest or with all', () => {
  const definitions = { payment: { port: 443 }, mail: { port: 25 } }
  expect(read({ is: ['paymnt', 'x'] }, definitions).reports).toEqual([
    'traffic.is[0]: "paymnt" is no definition of this policy, did you mean "payment"?',
    'traffic.is[1]: "x" is no definition of this policy (payment, mail)',
  ])
  expect(read({ is: 'constructor' }).reports).toEqual([
    'traffic.is: "constructor" is no definition of this policy (the policy has no "definitions")',
  ])
})

test('an empty "not" is told, and empty traffic is everything', () => {
  expect(read({ not: {} }).reports).toEqual(['traffic.not: says nothing that could be negated'])
  expect(read({}).document).toEqual({})
})

test('of what was left empty everything that is AND is nothing, and what is not nothing is everything', () => {
  expect(read({ host: [NOTHING], port: 443 }).document).toBe('nothing')
  expect(read({ host: [NOTHING, 'a.example'] }).document).toEqual({ host: ['a.example'] })
  expect(read({ port: 443, not: { host: [NOTHING] } })).toMatchObject({ document: { port: [443] }, reports: [] })
  expect(read({ not: { not: { host: [NOTHING] } } })).toMatchObject({ document: 'nothing', reports: [] })
  expect(read({ is: 'a' }, { a: { host: [NOTHING] } }).document).toBe('nothing')
})

test('in a policy that others are built on a definition carries its content in its name', () => {
  const named = (calls: object) => read({ is: 'calls' }, { calls: { ...calls } }, true).document
  expect(named({ host: 'zoom.us' })).toEqual({ is: [expect.stringMatching(/^calls-[0-9a-f]{8}$/)] })
  expect(named({ host: 'ZOOM.US' })).toEqual(named({ host: 'zoom.us' }))
  expect(named({ host: 'other.example' })).not.toEqual(named({ host: 'zoom.us' }))
})
