import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { packNames } from '../../src/config/packs.ts'
import { loadPolicy, loadPolicyFor, loadShadows } from '../../src/config/policies.ts'
import type { Settings } from '../../src/config/settings.ts'
import { doorAt } from '../../src/config/web.ts'
import { parseMmdb } from '../../src/geoip/mmdb.ts'
import { ConfigErrors, OperatorError } from '../../src/model/errors.ts'
import { mmdb } from '../support/mmdb-writer.ts'

const config = path.join(import.meta.dirname, '..', '..', 'config')
const examples = fs.readdirSync(path.join(config, 'examples'))
const example = (name: string) => path.join(config, 'examples', name)
const isPolicy = (file: string) => /^mode:/m.test(fs.readFileSync(file, 'utf8'))

function written(name: string, text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-policies-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  fs.writeFileSync(path.join(folder, name), text)
  return path.join(folder, name)
}

/** Settings with these lines, and a policy beside them. */
function settingsWith(lines: string, policy: string): Settings {
  const file = written('policy.yaml', policy)
  const settings = path.join(path.dirname(file), 'ringfence.yaml')
  fs.writeFileSync(settings, `policy: ./policy.yaml\n${lines}`)
  return loadSettings({ config: settings })
}

const refusal = (work: () => unknown): Error => {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was refused')
}

const lanDoor = 'inbounds: [{ type: mixed, name: lan, listen: "0.0.0.0:8080", clients: [10.0.0.0/8] }]\n'
const observing = 'version: 1\nmode: observe\n'

test.each(packNames())('the pack %s compiles, and is called by its name', (name) => {
  const policy = loadPolicy(name)
  expect(policy.name).toBe(name)
  expect(policy.hash).toMatch(/^[0-9a-f]{64}$/)
})

test.each(packNames())('the pack %s says its basis, its date and its limits', (name) => {
  const text = fs.readFileSync(path.join(config, 'policies', `${name}.yaml`), 'utf8')
  for (const head of [new RegExp(`^# ${name}: `), /^# Basis {3}\S/m, /^# As of {3}\d{4}-\d{2}-\d{2}$/m, /^# Limits {2}\S/m])
    expect(text).toMatch(head)
})

test('the packs are what the folder holds, and those with fences are counted in the shadow', () => {
  expect(packNames()).toContain('observe')
  expect(packNames()).toContain('no-cn')
  expect(loadPolicy('observe')).toMatchObject({ mode: 'observe', fences: [] })
  expect(loadShadows().map(({ name }) => name)).toEqual(packNames().filter((name) => name !== 'observe'))
})

test.each(examples.filter((name) => isPolicy(example(name))))('the example policy %s compiles', (name) => {
  expect(loadPolicy(example(name)).fences.length).toBeGreaterThan(0)
})

test.each(examples.filter((name) => !isPolicy(example(name))))('the example settings %s load, with the policy that they name', (name) => {
  const settings = loadSettings({ config: example(name) })
  expect(loadPolicyFor(settings, undefined).name).toBe(settings.policy)
  const doors = settings.inbounds.map(({ listen }) => listen)
  expect(settings.web.listen !== null && doorAt(settings.web.listen, doors), 'a door in the place of the page').toBe(-1)
})

test('every example says what it is and how to start it', () => {
  for (const name of examples) {
    const text = fs.readFileSync(example(name), 'utf8')
    expect(text, name).toMatch(/^# \S/)
    expect(text, name).toMatch(new RegExp(`config/examples/${name}|lan-gateway\\.yaml`))
  }
})

test('the GeoLite2 example names a file beside it, as one more voter', () => {
  const [, added] = loadSettings({ config: example('geolite2.yaml') }).geoip.sources
  expect(added).toEqual({ type: 'mmdb', path: example('GeoLite2-Country.mmdb'), role: 'voter', name: 'GeoLite2' })
  const record = { country: { iso_code: 'US' } }
  const { date } = parseMmdb(mmdb({ networks: [['8.8.8.0/24', record]], type: 'GeoLite2-Country' }), 'voter')
  expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
})

test('a pack that there is not: the nearest is suggested, and all are listed', () => {
  const error = refusal(() => loadPolicy('no-ch'))
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(
    `there is no policy pack "no-ch", did you mean "no-cn"? (packs: ${packNames().join(', ')}; a file's name has a dot or a slash)`,
  )
  expect(refusal(() => loadPolicy('../policies/no-cn')).message).toContain('there is no such file')
})

test('faults of a policy file stand with their place', () => {
  const file = written('policy.yaml', 'version: 1\nmode: enforce\nfences:\n  - { name: gb, never: [UK] }\n')
  const error = refusal(() => loadPolicy(file))
  expect(error).toBeInstanceOf(ConfigErrors)
  expect(error.message).toContain(`${file}:4:25 fences[0].never[0]: "UK" is not a country code, did you mean "GB"?`)
})

test('the mode of the command line is that of the policy, and of its hash', () => {
  const settings = settingsWith('', observing)
  expect(loadPolicyFor(settings, undefined).mode).toBe('observe')
  const enforcing = loadPolicyFor(settings, 'enforce')
  expect(enforcing.mode).toBe('enforce')
  expect(enforcing.hash).not.toBe(loadPolicyFor(settings, undefined).hash)
})

test('a fence that reads a door which there is not is refused, with the nearest', () => {
  const policy = `${observing}fences: [{ name: f, traffic: { inbound: guest }, never: anywhere }]\n`
  const doors = 'inbounds: [{ type: mixed, name: guests, listen: "127.0.0.1:0" }, { type: mixed, name: staff, listen: "127.0.0.1:0" }]\n'
  const settings = settingsWith(doors, policy)
  const error = refusal(() => loadPolicyFor(settings, undefined))
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(
    `policy ${settings.policy}: a fence reads inbound "guest", but the doors are guests, staff, did you mean "guests"?`,
  )
  expect(loadPolicyFor(settingsWith(doors, policy.replace('guest ', 'staff ')), undefined).fences).toHaveLength(1)
})

test('where a door is not on loopback, local_network must be said', () => {
  const settings = settingsWith(lanDoor, observing)
  const error = refusal(() => loadPolicyFor(settings, undefined))
  expect(error).toBeInstanceOf(OperatorError)
  expect(error.message).toBe(
    `policy ${settings.policy}: door "lan" is not on loopback, so the policy must say under "local_network" whether its clients may reach this machine's own network (allow, log, block, or { allow: [networks], otherwise: block })`,
  )
  for (const said of ['allow', 'block', '{ allow: [10.0.0.0/8], otherwise: block }'])
    expect(loadPolicyFor(settingsWith(lanDoor, `${observing}local_network: ${said}\n`), undefined).saysLocalNetwork).toBe(true)
})
