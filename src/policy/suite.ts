/** Runs the tests that a policy carries. They ignore its mode, resolve nothing, and ask no clock. Pure. */
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
import { type App, type AppCatalogue, appsAt, appsNamed, type KnownApp } from '../model/app.ts'
import { isNonEmpty } from '../model/brand.ts'
import type { CountryCode } from '../model/country.ts'
import type { Position } from '../model/errors.ts'
import type { Facts } from '../model/facts.ts'
import type { KnownName, Millis, Network } from '../model/flow.ts'
import { type Host, hostText } from '../model/hostname.ts'
import type { Identity } from '../model/identity.ts'
import type { Location } from '../model/location.ts'
import { isCloudMetadata, judgedAddresses, scopeOf } from '../model/scope.ts'
import { type Effect, type FenceOutcome, severest } from '../model/verdict.ts'
import { evaluate, type Judgement } from './evaluate.ts'
import type { Policy } from './policy.ts'
import type { SuiteResult, TestResult } from './suite-result.ts'

/** What a test says of one axis; `undefined`: nothing, so that it is not known. */
export interface GivenPlace {
  readonly countries: readonly CountryCode[]
  readonly anycast: boolean
}

export interface Given {
  readonly server: GivenPlace | undefined
  readonly registry: GivenPlace | undefined
  readonly network: GivenPlace | undefined
  readonly company: GivenPlace | undefined
}

export interface PolicyTest {
  readonly name: string
  readonly position: Position
  readonly asked: Endpoint<Host>
  readonly who: Identity
  readonly client: Ip
  readonly inbound: string
  readonly network: Network
  /** `undefined`: not said, so that nothing may depend on it. */
  readonly at: Millis | undefined
  /** Taken to be detected, and proved. */
  readonly apps: readonly App[]
  /** `null`: by today's data. */
  readonly given: Given | null
  readonly expect: Effect
  /** Fences that must have given the effect. */
  readonly because: readonly string[]
}

/** What tests that give no places are judged by. */
export interface SuiteWorld {
  readonly apps: AppCatalogue
  /** `null`: there is no data, and such tests fail. */
  readonly locate: ((ip: Ip) => Location) | null
}

export function runTests(policy: Policy, world: SuiteWorld): SuiteResult {
  return {
    policy: policy.name,
    file: policy.files[0] ?? policy.name,
    results: policy.tests.map((test, i) => runTest(test, i, policy, world)),
  }
}

function runTest(test: PolicyTest, index: number, policy: Policy, world: SuiteWorld): TestResult {
  const head = {
    name: `tests[${index}] ${test.name}`,
    line: test.position.line,
    expected: { effect: test.expect, because: test.because.length === 0 ? null : test.because.join(', ') },
  }
  // As on the road: refused under every policy, before one is asked.
  if (isRefused(test)) {
    const why =
      test.expect === 'block' && test.because.length === 0 ? null : `expected ${head.expected.effect}, but it is refused under every policy`
    return { ...head, passed: why === null, got: { effect: 'block', decidedBy: [] }, sentence: 'Refused under every policy.', why }
  }
  const judged = factsOf(test, world).map((facts) => evaluate(policy, facts))
  const outcomes = judged.flatMap(({ fences }) => fences)
  const low = judged.reduce<Effect>((effect, judgement) => severest(effect, judgement.low), 'allow')
  const high = judged.reduce<Effect>((effect, judgement) => severest(effect, judgement.high), 'allow')
  if (low !== high) {
    const isForTime = test.at === undefined && factsOf({ ...test, at: 0 }, world).every((facts) => isSettled(evaluate(policy, facts)))
    const why = sayMissing(test, world, outcomes, isForTime)
    return { ...head, passed: false, got: { effect: null, decidedBy: [] }, sentence: 'It could not be judged.', why }
  }
  const decidedBy = low === 'allow' ? [] : namesOf(outcomes.filter(({ effect }) => effect === low))
  const why = sayDifference(test, low, outcomes)
  return { ...head, passed: why === null, got: { effect: low, decidedBy }, sentence: sayWhat(test, low, outcomes), why }
}

/** What needs no settings to be refused; denied ports and local answers to public names do. */
const isRefused = ({ asked: { host } }: PolicyTest): boolean =>
  host.kind === 'ip' && [host.ip, ...judgedAddresses(host.ip)].some((ip) => scopeOf(ip) === 'unspecified' || isCloudMetadata(ip))

const isSettled = ({ low, high }: Judgement): boolean => low === high

const quoted = (names: readonly string[]): string => new Intl.ListFormat('en-GB').format(names.map((name) => `"${name}"`))

const namesOf = (outcomes: readonly FenceOutcome[]): readonly string[] => [...new Set(outcomes.map(({ fence }) => fence))]

function sayDifference({ expect, because }: PolicyTest, got: Effect, outcomes: readonly FenceOutcome[]): string | null {
  if (got !== expect) return `expected ${expect}, got ${got}`
  const missing = because.filter((name) => !outcomes.some(({ fence, effect }) => fence === name && effect === got))
  if (missing.length === 0) return null
  const found = namesOf(outcomes.filter(({ effect }) => effect === got))
  const others = got === 'allow' ? '' : `; that was ${found.length === 0 ? 'local_network' : quoted(found)}`
  return `${got}, but not by fence ${quoted(missing)}${others}`
}

/** Which fact the verdict waits for. */
function sayMissing({ given, asked }: PolicyTest, { locate }: SuiteWorld, outcomes: readonly FenceOutcome[], isForTime: boolean): string {
  const open = namesOf(outcomes.filter(({ outcome }) => outcome === 'open'))
  const depends =
    open.length === 0 ? 'the verdict depends' : open.length === 1 ? `fence "${open[0]}" depends` : `fences ${quoted(open)} depend`
  if (isForTime) return `${depends} on the time: say it with "at"`
  if (given === null && asked.host.kind === 'name') return `${depends} on where ${hostText(asked.host)} is: say it under "given"`
  if (given === null && locate === null) return `${depends} on where ${hostText(asked.host)} is, and there is no location data`
  return `${depends} on what the test does not say`
}

const past: Readonly<Record<Effect, string>> = { allow: 'Allowed', log: 'Flagged', block: 'Blocked' }

function sayWhat({ asked }: PolicyTest, effect: Effect, outcomes: readonly FenceOutcome[]): string {
  const told = outcomes.filter((each) => each.effect === effect && (effect !== 'allow' || each.outcome === 'excepted'))
  const by = [...new Set(told.map(({ fence, outcome, axis }) => `"${fence}" (${outcome}${axis === undefined ? '' : `, by ${axis}`})`))]
  const target = formatEndpoint({ host: hostText(asked.host), port: asked.port })
  if (by.length > 0) return `${past[effect]}: ${target} by fence ${by.join(', ')}.`
  return `${past[effect]}: ${target}${effect === 'allow' ? '' : ' by local_network'}.`
}

/** One for each address that stands for the target; a name without a given place has none. */
function factsOf(test: PolicyTest, world: SuiteWorld): readonly Facts[] {
  const { asked, network, inbound, client, who, at } = test
  const names: readonly KnownName[] = asked.host.kind === 'name' ? [{ name: asked.host.name, origin: 'asked', provedAt: 'everywhere' }] : []
  const flow = { network, port: asked.port, inbound, client, who, at, names, namesFinal: true, anyName: false }
  const locations = locationsOf(test, world)
  const named = [...appsNamed(names, world.apps), ...test.apps.map(told)]
  const about = (location: Location | undefined): Facts => {
    const apps = location === undefined ? named : [...named, ...appsAt(location.ip, world.apps)]
    const facts = { ...flow, apps: withHomes(apps, test.given), address: location?.ip, location }
    if (test.given === null) return facts
    const { registry, network: home } = test.given
    return { ...facts, given: { registry: registry?.countries ?? [], network: home?.countries ?? [] } }
  }
  return isNonEmpty(locations) ? locations.map(about) : [about(undefined)]
}

const told = (app: App): KnownApp => ({ app, origin: 'asked', name: null, provedAt: 'everywhere' })

/** The given company is that of whatever app it is, known or not. */
function withHomes(apps: readonly KnownApp[], given: Given | null): readonly KnownApp[] {
  if (given?.company === undefined) return apps
  const { countries } = given.company
  const homes = countries.length === 0 ? [null] : countries.map((home) => ({ name: 'the given company', home, contested: null }))
  const known = apps.length === 0 ? [told({ id: '', name: 'the given app', categories: [], company: null })] : apps
  return known.flatMap((each) => homes.map((company) => ({ ...each, app: { ...each.app, company } })))
}

/** An address of no network that a policy would speak of (RFC 5737), for names. */
const SOMEWHERE = parseIp('198.51.100.1')

function locationsOf({ asked: { host }, given }: PolicyTest, { locate }: SuiteWorld): readonly Location[] {
  if (host.kind === 'name') return given === null || SOMEWHERE === null ? [] : [givenLocation(SOMEWHERE, 'global', given)]
  return judgedAddresses(host.ip).flatMap((ip) => {
    if (given !== null) return [givenLocation(ip, scopeOf(ip), given)]
    return locate === null ? [] : [locate(ip)]
  })
}

function givenLocation(ip: Ip, scope: Location['scope'], { server }: Given): Location {
  const possible = [...(server?.countries ?? [])].sort()
  return {
    ip,
    scope,
    answers: possible.map((country) => ({ source: 'the test', country })),
    possible,
    best: possible[0] ?? null,
    stated: null,
    registry: null,
    anycast: server?.anycast ?? false,
    network: null,
    located: true,
  }
}
