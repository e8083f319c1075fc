/** Words that the tests of judgement share: policies, places, facts and decisions from the fewest plain values that say what is meant. */
import { stringify } from 'yaml'
import { type Endpoint, type Ip, parseIp } from '../../src/model/address.ts'
import { type CountryCode, isCountryCode } from '../../src/model/country.ts'
import { ConfigErrors, formatProblem } from '../../src/model/errors.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { KnownName } from '../../src/model/flow.ts'
import { type Host, type Hostname, isHost, parseHost } from '../../src/model/hostname.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import { scopeOf } from '../../src/model/scope.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { type CountryGroups, type Library, noLibrary } from '../../src/policy/library.ts'
import type { Policy } from '../../src/policy/policy.ts'

export function ip(text: string): Ip {
  const read = parseIp(text)
  if (read === null) throw new Error(`not an address: ${text}`)
  return read
}

export function hostname(text: string): Hostname {
  const host = parseHost(text)
  if (!isHost(host) || host.kind !== 'name') throw new Error(`not a name: ${text}`)
  return host.name
}

export function country(text: string): CountryCode {
  if (!isCountryCode(text)) throw new Error(`not a country: ${text}`)
  return text
}

/** A policy from what stands in its file beside `version`; it enforces unless it says otherwise. */
export function policy(document: Readonly<Record<string, unknown>>, library: Partial<Library> = {}): Policy {
  const text = stringify({ version: 1, mode: 'enforce', ...document }, { aliasDuplicateObjects: false })
  return compilePolicy(text, 'test.yaml', 'test', { ...noLibrary, ...library })
}

/** Two groups of few countries. */
export const someGroups: CountryGroups = new Map([
  ['eea', { countries: ['DE', 'FR', 'NL', 'NO'].map(country) }],
  ['five-eyes', { countries: ['AU', 'CA', 'GB', 'NZ', 'US'].map(country) }],
])

/** A library of these policies, by name: each is called `name.yaml`, and is a text, or what stands in its file beside `version` and `mode`. */
export const libraryOf = (policies: Readonly<Record<string, string | object>>, more: Partial<Library> = {}): Library => ({
  ...noLibrary,
  groups: someGroups,
  find(name) {
    const written = policies[name]
    if (written === undefined) return { problem: `there is no policy "${name}"` }
    const text = typeof written === 'string' ? written : stringify({ version: 1, mode: 'enforce', ...written })
    return { text, file: `${name}.yaml`, name }
  },
  ...more,
})

/** The faults for which a policy is refused, as their operator is told. */
export function faultsOf(compile: () => Policy): readonly string[] {
  try {
    compile()
  } catch (error) {
    if (error instanceof ConfigErrors) return error.problems.map(formatProblem)
    throw error
  }
  return []
}

export const strict = { disputed: 'block', unknown: 'block', anycast: 'block' } as const

/** Where voters place an address: source → country, or `null` for a source that has no answer. */
export type Answers = Readonly<Record<string, string | null>>

const elsewhere = { stated: null, registry: null, network: null, located: true } as const

export function placed(address: string, answers: Answers = {}, anycast = false): Location {
  const scope = scopeOf(ip(address))
  const given = scope === 'global' ? Object.entries(answers) : []
  const said = given.map(([source, code]) => ({ source, country: code === null ? null : country(code) }))
  const named = said.flatMap((answer) => answer.country ?? [])
  return { ip: ip(address), scope, answers: said, possible: [...new Set(named)].sort(), best: named[0] ?? null, ...elsewhere, anycast }
}

export const asked = (name: string): KnownName => ({ name: hostname(name), origin: 'asked', provedAt: 'everywhere' })

export const claimed = (name: string, provedAt: readonly string[] = []): KnownName => ({
  name: hostname(name),
  origin: 'sni',
  provedAt: new Set(provedAt.map(ip)),
})

export const NOON = Date.UTC(2026, 10, 1, 12)

/** Complete facts about one address, or about none yet: `location: undefined`. */
export function facts(change: Partial<Facts> = {}): Facts {
  const location = 'location' in change ? change.location : placed('52.81.151.250', { A: 'CN', B: 'CN' })
  const plain = {
    network: 'tcp',
    port: 443,
    inbound: 'mixed',
    client: ip('192.0.2.10'),
    who: anonymous,
    apps: [],
    at: NOON,
    names: [],
    namesFinal: true,
    anyName: false,
  } as const
  return { ...plain, ...change, location, address: location?.ip }
}

export function endpoint(text: string): Endpoint<Host> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text) ?? []
  const parsed = parseHost(host)
  if (!isHost(parsed)) throw new Error(`not host:port: ${text}`)
  return { host: parsed, port: Number(port) }
}
