import { expect, test } from 'vitest'
import { formatPortRange } from '../../src/config/app-facts.ts'
import { formatCidr } from '../../src/model/cidr.ts'
import { formatHostPattern } from '../../src/model/host-pattern.ts'
import { appRow, appsIn, catalogueOf, faultsOf } from './made-up-apps.ts'

/** What is wrong with one row, without the places. */
const faults = (more: Readonly<Record<string, string>>) =>
  faultsOf(catalogueOf(appRow('one', more))).map((fault) => fault.replace(/^9:\d+ apps\[0\]\.?/, ''))

test('a row is everything that is known of the app', () => {
  const row = appRow('one', {
    name: 'One / Eins',
    aliases: '[eins]',
    categories: '[messaging, calls]',
    domains: '".one.test one.example *.one.invalid"',
    shared: '.cdn.test',
    ranges: '{ from: https://one.test/ranges, date: 2026-06-06, networks: 192.0.2.0/24 2001:db8::/32 }',
    ports: '{ udp: [3478, 8801-8810], tcp: ["443"] }',
    blocked_by_india_2020: 'false',
    note: 'What to know.',
    sources: '[press, "https://one.test/terms"]',
    date: '2026-01-02',
  })
  const facts = appsIn(catalogueOf(row)).find('eins')
  expect({ ...facts, app: null, domains: facts?.domains.map(formatHostPattern), ranges: facts?.ranges?.networks.map(formatCidr) }).toEqual({
    app: null,
    aliases: ['eins'],
    operator: 'Somebody Ltd.',
    domains: ['.one.test', 'one.example', '*.one.invalid'],
    togetherWith: [],
    shared: [{ name: 'cdn.test', itself: true, below: true }],
    ranges: ['192.0.2.0/24', '2001:db8::/32'],
    ports: {
      tcp: [{ from: 443, to: 443 }],
      udp: [
        { from: 3478, to: 3478 },
        { from: 8801, to: 8810 },
      ],
    },
    confidence: 'high',
    blockedByIndia2020: false,
    note: 'What to know.',
    sources: ['a newspaper (2020-06-30)', 'https://one.test/terms'],
    date: '2026-01-02',
  })
  expect(facts?.app).toEqual({ id: 'one', name: 'One / Eins', categories: ['messaging', 'calls'], company: null })
  expect(facts?.ports.udp.map(formatPortRange)).toEqual(['3478', '8801-8810'])
})

test('ranges are those of the catalogue, and where the vendor’s list is stands beside them', () => {
  const rangesOf = (more: string) =>
    appsIn(catalogueOf(appRow('one', { ranges: `{ from: there, date: 2026-06-06, networks: 192.0.2.0/24${more} }` }))).find('one')?.ranges
  expect(rangesOf('')).toMatchObject({ fetch: null, fetched: null })
  expect(rangesOf(', fetch: { url: "https://one.test/list", format: lines }')).toMatchObject({
    fetch: { url: 'https://one.test/list', format: 'lines' },
    fetched: null,
  })
})

test('what a row does not say is known not to be known', () => {
  const facts = appsIn(catalogueOf(appRow('one'))).find('one')
  expect(facts).toMatchObject({ aliases: [], shared: [], ranges: null, ports: { tcp: [], udp: [] }, blockedByIndia2020: null, note: null })
  expect(facts?.date).toBe('2026-11-24')
})

test('facts and apps are frozen', () => {
  const facts = appsIn(catalogueOf(appRow('one'))).find('one')
  expect([facts, facts?.app, facts?.app.categories].map((each) => Object.isFrozen(each))).toEqual([true, true, true])
})

test('a domain that is no pattern is a fault, and so is one in another form than the canonical', () => {
  expect(faults({ domains: '"a.*.test 192.0.2.1 .ONE.test one.test:443"' })).toEqual([
    'domains: "a.*.test": a star may only stand in front of a name, as in "*.example.com"',
    'domains: "192.0.2.1" is an address, not a name',
    'domains: ".ONE.test" must be written ".one.test"',
    'domains: "one.test:443" is more than a host name; write the name alone',
  ])
})

test('a domain stands in an app once, be it as its own or as shared', () => {
  expect(faults({ domains: '.one.test .two.test .one.test', shared: '.two.test .three.test .three.test' })).toEqual([
    'domains: ".one.test" stands in this app already',
    'shared: ".two.test" stands in this app already',
    'shared: ".three.test" stands in this app already',
  ])
})

test('a network that is none is a fault, and so is one that stands twice', () => {
  const ranges = (networks: string) => ({ ranges: `{ from: there, date: 2026-06-06, networks: ${networks} }` })
  expect(faults(ranges('192.0.2.1/24 192.0.2.0/33 one 192.0.2.0/24 192.0.2.0/24'))).toEqual([
    'ranges.networks: "192.0.2.1/24" is not the start of a network, did you mean "192.0.2.0/24"?',
    'ranges.networks: "192.0.2.0/33" is not a network: the prefix length is out of range',
    'ranges.networks: "one" is not a network (write 10.0.0.0/8 or 2001:db8::/32)',
    'ranges.networks: 192.0.2.0/24 stands here twice',
  ])
  expect(faults({ ranges: '{ from: there, date: June, networks: " " }' })).toEqual([
    'ranges.date: must be a day such as 2026-06-17',
    'ranges.networks: must be networks such as 192.0.2.0/24 with spaces between',
  ])
})

test('ports are numbers or ranges', () => {
  expect(faults({ ports: '{ tcp: [0, 1-2-3, 5-4, many], udp: [65536] }' })).toEqual(
    ['tcp[0]: "0"', 'tcp[1]: "1-2-3"', 'tcp[2]: "5-4"', 'tcp[3]: "many"', 'udp[0]: "65536"'].map(
      (port) => `ports.${port} is not a port (1–65535) or a range such as "8801-8810"`,
    ),
  )
})
