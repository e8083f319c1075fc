import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { LivePolicy, type PolicyListener, whyFailed } from '../../src/config/live-policy.ts'
import type { KeptOverlay } from '../../src/config/overlays.ts'
import { noApps } from '../../src/model/app.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { noLibrary } from '../../src/policy/library.ts'
import { runTests } from '../../src/policy/suite.ts'
import { folderWith } from '../cli/screen.ts'

const text = (fences: string, tests = '') =>
  `version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: block, anycast: block }\nfences: [${fences}]\n${tests}`

const CN = '{ name: a, never: [CN] }'
const RU = '{ name: a, never: [RU] }'

/** A policy in a file, and what whoever watches it is told. */
async function watched(first: string, more: Readonly<Record<string, string>> = {}, whileTested: (file: string) => void = () => {}) {
  const folder = folderWith({ 'policy.yaml': first, ...more })
  const file = path.join(folder, 'policy.yaml')
  const world = { now: Date.UTC(2026, 10, 1, 12), overlays: [] as readonly KeptOverlay[], damaged: false }
  const find = (name: string) => ({ text: fs.readFileSync(path.join(folder, name), 'utf8'), file: path.join(folder, name), name })
  const read = (of: string) => {
    try {
      return fs.readFileSync(of, 'utf8')
    } catch (cause) {
      throw new OperatorError(`can't read ${path.basename(of)}`, { cause })
    }
  }
  const policies = await LivePolicy.open({
    load: () => compilePolicy(read(file), file, 'policy', { ...noLibrary, find }),
    test: (policy) => {
      whileTested(file)
      return runTests(policy, { apps: noApps, locate: null })
    },
    overlays: async () => {
      if (world.damaged) throw new Error('damaged')
      return world.overlays
    },
    now: () => world.now,
  })
  const told: string[] = []
  const listener: PolicyListener = {
    swap: async ({ document }) => void told.push(`swap ${JSON.stringify(document.fences?.map((fence) => fence.never))}`),
    overlay: async (fence, overlay) => void told.push(`overlay ${fence} ${overlay === null ? 'over' : overlay.enabled}`),
    rejudge: async (_, why) => {
      told.push(`rejudge for ${why}`)
      return 0
    },
    refused: (why) => void told.push(`refused ${why.replaceAll(folder, '')}`),
  }
  const look = async (anew = false) => {
    told.length = 0
    await policies.look(listener, anew)
    return [...told]
  }
  return { policies, file, folder, world, look, listener, told }
}

test('files that stay as they are change nothing', async () => {
  const { look } = await watched(text(CN))
  expect(await look()).toEqual([])
  expect(await look(true)).toEqual([])
})

test('a changed file is in force at the next look, and what is live is judged again', async () => {
  const { look, file, policies } = await watched(text(CN))
  const before = policies.current.hash
  fs.writeFileSync(file, text(RU))
  expect(await look()).toEqual(['swap [["RU"]]', 'rejudge for policy'])
  expect(policies.current.hash).not.toBe(before)
  expect(await look()).toEqual([])
})

test('a file that was replaced, and a link that was turned, are seen like one that was written to', async () => {
  const { look, file, folder } = await watched(text(CN))
  fs.writeFileSync(`${file}.new`, text(RU))
  fs.renameSync(`${file}.new`, file)
  expect(await look()).toContain('swap [["RU"]]')
  // As Kubernetes mounts a ConfigMap: the file is a link through `..data`, which is turned in one step.
  for (const [name, content] of [
    ['one', RU],
    ['two', CN],
  ] as const) {
    fs.mkdirSync(path.join(folder, name))
    fs.writeFileSync(path.join(folder, name, 'policy.yaml'), text(content))
  }
  fs.symlinkSync('one', path.join(folder, '..data'))
  fs.rmSync(file)
  fs.symlinkSync(path.join('..data', 'policy.yaml'), file)
  expect(await look()).toEqual([])
  fs.symlinkSync('two', path.join(folder, '..data_tmp'))
  fs.renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
  expect(await look()).toContain('swap [["CN"]]')
})

test('a faulty file changes nothing, is told once, and is taken when it is mended', async () => {
  const { look, file, policies } = await watched(text(CN))
  const { hash } = policies.current
  fs.writeFileSync(file, text('{ name: a, never: [UK] }'))
  expect(await look()).toEqual([expect.stringMatching(/^refused \/policy\.yaml:4:\d+ fences\[0\]\.never\[0\]: "UK" is not a country code/)])
  expect(await look()).toEqual([])
  expect([policies.current.hash, policies.refused]).toEqual([hash, expect.stringContaining('"UK"')])
  fs.rmSync(file)
  expect(await look()).toEqual(["refused can't read policy.yaml"])
  fs.writeFileSync(file, text(CN))
  expect(await look()).toEqual([])
  expect(policies.refused).toBeNull()
})

test('a policy that fails its own test is not taken', async () => {
  const { look, file } = await watched(text(CN))
  fs.writeFileSync(file, text(RU, 'tests: [{ to: "a.example:443", given: { server: CN }, expect: block }]\n'))
  expect(await look()).toEqual([
    'refused policy policy: 1 of 1 tests fails: /policy.yaml:5 tests[0] a.example:443: expected block, got allow',
  ])
  await expect(watched(text(RU, 'tests: [{ to: "a.example:443", given: { server: CN }, expect: block }]\n'))).rejects.toThrow(OperatorError)
})

test('a file that is extended counts like the first one', async () => {
  const { look, folder } = await watched('version: 1\nmode: enforce\nextends: base.yaml\n', { 'base.yaml': text(CN) })
  fs.writeFileSync(path.join(folder, 'base.yaml'), text(RU))
  expect(await look()).toContain('swap [["RU"]]')
})

test('where the swap cannot be recorded the old policy stays, and the next look tries again', async () => {
  const { policies, file, listener, look } = await watched(text(CN))
  fs.writeFileSync(file, text(RU))
  const { hash } = policies.current
  await policies.look({ ...listener, swap: () => Promise.reject(new Error('the disk is full')) })
  expect([policies.current.hash, policies.refused]).toEqual([hash, 'the disk is full'])
  expect(await look()).toEqual(['swap [["RU"]]', 'rejudge for policy'])
})

test('overlays come and go by their file and by the time, under their own policy alone', async () => {
  const { look, world } = await watched(text(CN))
  const overlay = { policy: 'policy', fence: 'a', enabled: false, until: world.now + 1_000, reason: 'x' }
  world.overlays = [
    { ...overlay, policy: 'another' },
    { ...overlay, fence: 'nobody' },
  ]
  expect(await look()).toEqual([])
  world.overlays = [overlay]
  expect(await look()).toEqual(['overlay a false', 'swap []', 'rejudge for policy'])
  expect(await look()).toEqual([])
  world.now += 1_000
  expect(await look()).toEqual(['overlay a over', 'swap [["CN"]]', 'rejudge for policy'])
})

test('when an exception ends or a schedule turns, what is live is judged again, once', async () => {
  const { look, world } = await watched(text('{ name: a, never: [CN], except: [{ host: b.example, until: 2026-11-01, reason: x }] }'))
  expect(await look()).toEqual([])
  world.now = Date.UTC(2026, 10, 2)
  expect(await look()).toEqual(['rejudge for time'])
  expect(await look()).toEqual([])
})

test('a faulty file does not keep a schedule from turning', async () => {
  const { look, world, file } = await watched(text('{ name: a, never: [CN], except: [{ host: b.example, until: 2026-11-01, reason: x }] }'))
  fs.writeFileSync(file, '{')
  world.now = Date.UTC(2026, 10, 2)
  expect(await look()).toEqual(['rejudge for time', expect.stringMatching(/^refused /)])
})

test('an overlay ends by its time, and another begins, however faulty the file is', async () => {
  const { look, world, file, policies } = await watched(text(CN))
  const overlay = { policy: 'policy', fence: 'a', enabled: false, until: world.now + 60_000, reason: 'x' }
  world.overlays = [overlay]
  await look()
  fs.writeFileSync(file, '{')
  expect(await look()).toEqual([expect.stringMatching(/^refused /)])
  world.now += 60_000
  expect(await look()).toEqual(['overlay a over', 'swap [["CN"]]', 'rejudge for policy'])
  world.overlays = [{ ...overlay, until: world.now + 1 }]
  expect(await look()).toContain('overlay a false')
  expect(policies.current.fences).toEqual([])
})

test('overlays that cannot be read any more go on until they end', async () => {
  const { look, world } = await watched(text(CN))
  world.overlays = [{ policy: 'policy', fence: 'a', enabled: false, until: world.now + 60_000, reason: 'x' }]
  await look()
  world.damaged = true
  expect(await look()).toEqual(['refused damaged'])
  world.now += 60_000
  expect(await look()).toEqual(['overlay a over', 'swap [["CN"]]', 'rejudge for policy'])
})

test('an overlay that is prolonged is told though nothing turns', async () => {
  const { look, world } = await watched(text(CN))
  const overlay = { policy: 'policy', fence: 'a', enabled: false, until: world.now + 60_000, reason: 'x' }
  world.overlays = [overlay]
  await look()
  world.overlays = [{ ...overlay, until: overlay.until + 1 }]
  expect(await look()).toEqual(['overlay a false'])
})

test('a file that is changed while it is first read is seen at the first look', async () => {
  const { look, file } = await watched(text(CN), {}, (of) => fs.writeFileSync(of, text(RU)))
  expect(fs.readFileSync(file, 'utf8')).toBe(text(RU))
  expect(await look()).toEqual(['swap [["RU"]]', 'rejudge for policy'])
})

test('who asks for it anew gets what the file holds then, and not what a look under way has read', async () => {
  const { policies, listener, file, world } = await watched(text(CN))
  let go: (overlays: readonly KeptOverlay[]) => void = () => {}
  world.overlays = new Promise((resolve) => {
    go = resolve
  }) as never
  const first = policies.look(listener)
  fs.writeFileSync(file, text(RU))
  const anew = policies.look(listener, true)
  go([])
  await Promise.all([first, anew])
  expect(policies.current.document.fences?.[0]?.never).toEqual(['RU'])
})

test('failed tests are one sentence, which names the first', () => {
  const result = (passed: boolean) => ({ name: 'tests[0] x:1', line: 7, passed, why: 'expected block, got allow' }) as never
  const suite = { policy: 'p', file: 'p.yaml', results: [result(true), result(false), result(false)] }
  expect(whyFailed(suite)).toBe('policy p: 2 of 3 tests fail: p.yaml:7 tests[0] x:1: expected block, got allow, and 1 more')
  expect(whyFailed({ ...suite, results: [result(true)] })).toBeNull()
})
