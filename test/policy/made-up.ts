/** Made-up policies and facts: few values of each kind, so that fences and facts meet often. */
import fc from 'fast-check'
import { ipFromBytes } from '../../src/model/address.ts'
import { type App, type AppCatalogue, appsAt, appsNamed } from '../../src/model/app.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { KnownName } from '../../src/model/flow.ts'
import { isUnder } from '../../src/model/hostname.ts'
import { anonymous, type Identity } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import type { Effect } from '../../src/model/verdict.ts'
import { type MatcherName, matcherNames, matchers } from '../../src/policy/matchers/index.ts'
import { country, hostname, ip, NOON, placed, policy } from './words.ts'

// --- apps: two of one name, one of a published range, one whose firm nobody lists --------------------------------------

const madeUpApp = (id: string, category: string, home: string | null): App => ({
  id,
  name: id,
  categories: [category],
  company: home === null ? null : { name: `${id} group`, home: country(home), contested: null },
})

const zoom = madeUpApp('zoom', 'meetings', 'US')
const tiktok = madeUpApp('tiktok', 'video', 'CN')
const lark = madeUpApp('lark', 'meetings', 'CN')
const nobody = madeUpApp('nobody', 'video', null)

/** `shared.example` belongs to two, whose homes differ. */
export const madeUpApps: AppCatalogue = {
  apps: new Map([zoom, tiktok, lark, nobody].map((app) => [app.id, app])),
  named(name) {
    if (name === 'shared.example') return [zoom, lark]
    if (name === 'example.com') return [nobody]
    return isUnder(name, 'zoom.us') ? [zoom] : isUnder(name, 'tiktok.com') ? [tiktok] : []
  },
  at: (address) => (address === '23.192.228.8' ? [tiktok] : []),
  onPort: () => [],
}

// --- policies ------------------------------------------------------------------------------------------------------------

export const someNames = ['zoom.us', 'www.zoom.us', 'tiktok.com', 'example.com', 'shared.example']
const someAddresses = ['52.81.151.250', '23.192.228.7', '23.192.228.8', '10.0.0.5', '127.0.0.1', '2001:67c::1', 'fd00::5']
export const someCountries = ['CN', 'US', 'IN', 'DE']

/** Values of every matcher; a new one fails to compile here until it has its line. */
export const values: Readonly<Record<MatcherName, fc.Arbitrary<unknown>>> = {
  app: fc.constantFrom('zoom', 'tiktok', 'lark', 'nobody'),
  category: fc.constantFrom('meetings', 'video'),
  host: fc.tuple(fc.constantFrom('', '.', '*.'), fc.constantFrom(...someNames)).map(([prefix, name]) => prefix + name),
  cidr: fc.constantFrom('52.80.0.0/15', '23.192.228.0/24', '23.192.228.7/32', '10.0.0.0/8', '2001:67c::/32', '0.0.0.0/0', 'fd00::/8'),
  port: fc.constantFrom(80, 443, '440-450', '1-65535'),
  network: fc.constantFrom('tcp', 'udp', 'other'),
  user: fc.constantFrom('ana', 'bo', 'anonymous'),
  group: fc.constantFrom('legal', 'research'),
  client: fc.constantFrom('192.0.2.0/24', '192.0.2.10/32', '2001:67c::/64'),
  inbound: fc.constantFrom('mixed', 'office'),
  during: fc.constantFrom(
    { days: 'sun', zone: 'UTC' },
    { hours: '09:00-17:00', zone: 'Europe/Berlin' },
    { days: ['mon-fri'], hours: ['22:00-06:00'], zone: 'Asia/Kolkata' },
  ),
}

const effect = fc.constantFrom<Effect>('allow', 'log', 'block')
export const countries = fc.uniqueArray(fc.constantFrom(...someCountries), { minLength: 1, maxLength: 3 })
export const oneOrList = (item: fc.Arbitrary<unknown>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
const selectors = fc.record(Object.fromEntries(matcherNames.map((name) => [name, oneOrList(values[name])])), { requiredKeys: [] })
const few = fc.tuple(selectors, fc.shuffledSubarray([...matcherNames], { maxLength: 2 })).map(([all, names]) => pick(all, names))

const pick = (all: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => names.includes(key)))

/** `plain` names no definition that holds a "not", so that an exception may name it. */
const definitionNames = ['plain', 'other'] as const

const traffic = fc.letrec<{ whole: Readonly<Record<string, unknown>> }>((tie) => ({
  whole: fc
    .tuple(
      few,
      fc.option(tie('whole'), { depthSize: 'small', maxDepth: 2, nil: undefined }),
      fc.option(oneOrList(fc.constantFrom(...definitionNames)), { nil: undefined, freq: 3 }),
    )
    .map(([keys, not, is]) => ({
      ...keys,
      ...(not !== undefined && Object.keys(not).length > 0 && { not }),
      ...(is !== undefined && { is }),
    })),
})).whole

const definitions = fc.record({ plain: few.filter((keys) => Object.keys(keys).length > 0), other: few })

export const exception = fc
  .record({
    selection: fc.tuple(few, fc.boolean()).map(([keys, named]) => ({ ...keys, ...(named && { is: 'plain' }) })),
    rest: fc.record(
      {
        to: fc.uniqueArray(fc.constantFrom('CN', 'US', 'IN', 'DE'), { minLength: 1, maxLength: 3 }),
        until: fc.constantFrom('2026-10-31', '2026-11-01', '2027-06-30'),
      },
      { requiredKeys: [] },
    ),
  })
  .filter(({ selection }) => Object.keys(selection).some((name) => name in matchers && matchers[name as MatcherName].identifies))
  .map(({ selection, rest }) => ({ ...selection, ...rest, reason: 'a reason' }))

const uncertain = fc.record({ disputed: effect, unknown: effect, anycast: effect })

const territory = fc.oneof(
  countries.map((never) => ({ never: never as readonly string[] | 'anywhere' })),
  countries.map((only) => ({ only, never: undefined })),
  fc.constant({ never: 'anywhere' as const }),
)

export const fenceBody = fc
  .tuple(
    territory,
    fc.record(
      {
        traffic,
        action: fc.constantFrom('block', 'log'),
        uncertain,
        axes: fc.subarray(['server', 'registry', 'network', 'company'], { minLength: 1 }),
        note: fc.constant('a note'),
      },
      { requiredKeys: [] },
    ),
  )
  .chain(([where, { axes, ...rest }]) =>
    fc.array(exception, { maxLength: 2 }).map((except) => ({
      ...where,
      ...rest,
      ...(axes !== undefined && where.never !== 'anywhere' && { country_of: axes }),
      ...(isNonEmpty(except) && { except }),
    })),
  )

const fences = fc.array(fenceBody, { maxLength: 4 }).map((bodies) => bodies.map((body, i) => ({ name: `fence-${i}`, ...body })))

const localNetwork = fc.oneof(
  effect,
  fc.record({ allow: fc.constant(['10.0.0.0/8', '127.0.0.1']), otherwise: fc.constantFrom('block', 'log') }),
)

export const document = fc
  .tuple(
    fc.record({ mode: fc.constantFrom('observe', 'enforce'), uncertain, definitions, fences }),
    fc.option(localNetwork, { nil: undefined }),
  )
  .map(([rest, local]) => ({ ...rest, ...(local !== undefined && { local_network: local }) }))

export const anyPolicy = document.map((written) => policy(written, { apps: madeUpApps }))

// --- facts --------------------------------------------------------------------------------------------------------------

const anyAddress = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...someAddresses).map(ip) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ipFromBytes) },
)

const homes = fc.constantFrom(...someCountries, null)

export const anyLocation: fc.Arbitrary<Location> = fc
  .tuple(
    anyAddress,
    fc.array(fc.constantFrom(...someCountries, 'JP', null), { maxLength: 3 }),
    fc.boolean(),
    homes,
    homes,
    fc.integer({ min: 0, max: 19 }),
  )
  .map(([address, said, anycast, registry, home, chance]) => ({
    ...placed(address, Object.fromEntries(said.map((code, i) => [`source ${i}`, code])), anycast),
    registry: registry === null ? null : country(registry),
    network: {
      asn: 64_496,
      name: 'a network',
      company: home === null ? null : { name: 'a firm', home: country(home), contested: null },
    },
    located: chance > 0,
  }))

const anyName: fc.Arbitrary<KnownName> = fc
  .tuple(
    fc.constantFrom(...someNames, 'us04web.zoom.us', 'other.example').map(hostname),
    fc.oneof(
      fc.constant('everywhere' as const),
      fc.subarray(someAddresses).map((proved) => new Set(proved.map(ip))),
    ),
  )
  .map(([name, provedAt]) => ({ name, origin: provedAt === 'everywhere' ? 'asked' : 'sni', provedAt }))

const anyone: fc.Arbitrary<Identity> = fc.constantFrom<Identity>(
  anonymous,
  { ...anonymous, groups: ['legal'] },
  { name: 'ana', groups: ['legal', 'research'], by: 'password' },
  { name: 'bo', groups: [], by: 'password' },
)

/** The apps follow from the names and the address, as they do on the road. */
export const withApps = (facts: Facts): Facts => ({
  ...facts,
  apps: [...appsNamed(facts.names, madeUpApps), ...(facts.address === undefined ? [] : appsAt(facts.address, madeUpApps))],
})

/** All that can be known of one address in the end. */
export const completeFacts: fc.Arbitrary<Facts> = fc
  .record({
    network: fc.constantFrom('tcp', 'udp', 'other'),
    port: fc.constantFrom(80, 443, 8801),
    inbound: fc.constantFrom('mixed', 'office'),
    client: fc.constantFrom('192.0.2.10', '192.0.3.1', '2001:67c::1').map(ip),
    who: anyone,
    at: fc.constantFrom(NOON, NOON + 86_400_000, 0),
    anyName: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
    names: fc.array(anyName, { maxLength: 3 }),
    location: anyLocation,
  })
  .map((known) => withApps({ ...known, apps: [], namesFinal: true, address: known.location.ip }))

/** What may be known of them on the way there: some of the names, with more to come, and perhaps no address yet. */
export const onTheWay = (complete: Facts): fc.Arbitrary<Facts> =>
  fc.tuple(fc.subarray([...complete.names]), fc.boolean(), fc.boolean()).map(([names, noAddress, allNames]) =>
    withApps({
      ...complete,
      ...(allNames ? {} : { names, namesFinal: false, anyName: false }),
      ...(noAddress && { address: undefined, location: undefined }),
    }),
  )
