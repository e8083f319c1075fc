import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSelections } from '../../src/policy/compile-selection.ts'
import type { SelectionDocument } from '../../src/policy/document.ts'
import { neverBoth } from '../../src/policy/overlap.ts'
import { applies, type Selection } from '../../src/policy/selection.ts'
import { completeFacts, madeUpApps, oneOrList, values } from './made-up.ts'

function selection(traffic: SelectionDocument): Selection {
  const selected = readSelections({}, madeUpApps, (_, message) => expect.unreachable(message)).read(traffic, [])
  return selected === 'nothing' ? expect.unreachable('nothing of it is left empty') : selected
}

const between = (a: SelectionDocument, b: SelectionDocument) => [
  neverBoth(selection(a), selection(b)),
  neverBoth(selection(b), selection(a)),
]

test.each<[a: SelectionDocument, b: SelectionDocument, key: string | null]>([
  [{ network: 'tcp' }, { network: 'udp' }, 'network'],
  [{ network: ['tcp', 'other'] }, { network: ['udp', 'other'] }, null],
  [{ inbound: 'office' }, { inbound: 'home' }, 'inbound'],
  [{ user: 'ana' }, { user: ['bo', 'ana'] }, null],
  [{ user: 'ana' }, { user: 'bo' }, 'user'],
  // One user may be in both.
  [{ group: 'legal' }, { group: 'research' }, null],
  [{ port: 443 }, { port: '8801-8810' }, 'port'],
  [{ port: '1-100' }, { port: '100-200' }, null],
  [{ port: '1-99' }, { port: '100-200' }, 'port'],
  [{ port: '1-65535' }, { port: 22 }, null],
  [{ cidr: '10.0.0.0/8' }, { cidr: '10.1.2.0/24' }, null],
  [{ cidr: '10.0.0.0/8' }, { cidr: '11.0.0.0/8' }, 'cidr'],
  [{ cidr: '10.1.0.0/16' }, { cidr: '10.2.0.0/16' }, 'cidr'],
  [{ cidr: '0.0.0.0/0' }, { cidr: '203.0.113.7' }, null],
  [{ cidr: '0.0.0.0/0' }, { cidr: '2001:67c::/32' }, 'cidr'],
  [{ cidr: '::/0' }, { cidr: '2001:67c::1' }, null],
  [{ cidr: '2001:67c::/32' }, { cidr: '2001:67d::/32' }, 'cidr'],
  [{ client: '192.0.2.0/24' }, { client: ['10.0.0.0/8', '192.0.2.10'] }, null],
  [{ client: '192.0.2.0/24' }, { client: '198.51.100.0/24' }, 'client'],
  [{ host: 'zoom.us' }, { host: 'ZOOM.us.' }, null],
  [{ host: 'zoom.us' }, { host: 'www.zoom.us' }, 'host'],
  [{ host: 'zoom.us' }, { host: '*.zoom.us' }, 'host'],
  [{ host: 'zoom.us' }, { host: '.zoom.us' }, null],
  [{ host: 'www.zoom.us' }, { host: '*.zoom.us' }, null],
  [{ host: '*.zoom.us' }, { host: '.us' }, null],
  [{ host: '*.zoom.us' }, { host: '*.www.zoom.us' }, null],
  [{ host: '.zoom.us' }, { host: '.evilzoom.us' }, 'host'],
  [{ host: 'zoom.us', port: 443 }, { host: 'zoom.us', port: 80 }, 'port'],
  [{ host: 'zoom.us' }, { cidr: '10.0.0.0/8' }, null],
  [{}, { port: 443 }, null],
  // What is said by another name, or negated, is not looked into.
  [{ port: 443 }, { not: { port: 443 } }, null],
])('%j and %j: %s', (a, b, key) => expect(between(a, b)).toEqual([key, key]))

const pairs = fc
  .constantFrom('network', 'inbound', 'user', 'group', 'port', 'cidr', 'client', 'host', 'app', 'category')
  .chain((key) =>
    fc.tuple(oneOrList(values[key]), oneOrList(values[key])).map(([one, other]) => [{ [key]: one }, { [key]: other }] as const),
  )

test('where it names a key, no traffic with one name is ever both', () =>
  fc.assert(
    fc.property(pairs, completeFacts, ([a, b], complete) => {
      const [one, other] = [selection(a), selection(b)]
      // Two names of one flow may belong to two fences: of hosts it is told what holds for one name.
      const known = { ...complete, names: complete.names.slice(0, 1), anyName: false }
      if (neverBoth(one, other) !== null) expect([applies(one, known), applies(other, known)]).not.toEqual(['yes', 'yes'])
    }),
    { numRuns: 2_000 },
  ))
