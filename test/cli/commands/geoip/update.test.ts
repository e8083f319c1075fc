import fs from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { updateCommand } from '../../../../src/cli/commands/geoip/update.ts'
import { startNameServer } from '../../../support/name-server.ts'
import { node } from './node.ts'

// What it does on a network, test/clients/geoip-update.test.ts shows; here, what it says without one.

/** A node whose names are all in China, where its policy lets nothing go: nobody is dialled. */
async function behindTheFence() {
  const names = await startNameServer({ zone: (_, type) => ({ [type]: type === 'A' ? ['52.81.151.250'] : [] }) })
  onTestFinished(() => names.close())
  const one = node()
  one.replace(
    'ringfence.yaml',
    `
policy: policy.yaml
geoip: { folder: geoip, sources: [{ type: mmdb, path: one.mmdb, role: voter, name: One }] }
resolver: { servers: ["udp://127.0.0.1:${names.port}"] }
records: { folder: flows }
`,
  )
  return { ...one, names }
}

test('without a source that has a vendor that is told, and the lists of apps are asked for, as far as the policy lets', async () => {
  const { run, names } = await behindTheFence()
  const { shown, code } = await run(updateCommand)
  expect(shown.split('\n')).toEqual([
    'Location data: no source of the settings has a vendor',
    '',
    'Address ranges of apps:',
    expect.stringMatching(/^ {2}zoom: not updated: the list of Zoom: .*assets\.zoom\.us.*fence "no-cn" lets nothing reach it/),
    expect.stringMatching(/^ {2}microsoft-teams: not updated: .*endpoints\.office\.com.*fence "no-cn"/),
    expect.stringMatching(/^ {2}telegram: not updated: .*core\.telegram\.org.*fence "no-cn"/),
    '',
  ])
  expect(code).toBe(1)
  expect(names.count('assets.zoom.us', 'A')).toBe(1)
})

test('only what is named is asked for', async () => {
  const { run, names } = await behindTheFence()
  const { shown, code } = await run(updateCommand, 'telegram')
  expect(shown).toMatch(/^Address ranges of apps:\n {2}telegram: not updated: .*\n$/)
  expect(code).toBe(1)
  expect(names.count('assets.zoom.us', 'A')).toBe(0)
})

test('a damaged file of fetched ranges is told', async () => {
  const { run, folder } = await behindTheFence()
  fs.mkdirSync(path.join(folder, 'geoip'))
  fs.writeFileSync(path.join(folder, 'geoip', 'app-ranges.json'), '{}')
  expect((await run(updateCommand, '--apps-only', 'zoom')).shown).toMatch(
    /^Error: .*app-ranges\.json: damaged; the address ranges that come with the program are used\n\nAddress ranges/,
  )
})

test('what can’t be had anywhere is told', async () => {
  expect(await node().run(updateCommand, '--no-apps')).toMatchObject({
    code: 2,
    error: 'geoip update: no source of the settings has a vendor',
  })
  expect(await node().run(updateCommand, '--no-apps', '--apps-only')).toMatchObject({
    code: 2,
    error: expect.stringMatching(/leave nothing$/),
  })
  expect(await node().run(updateCommand, 'Zoom')).toMatchObject({
    code: 2,
    error: 'geoip update: no source or app that has a vendor\'s list is called "Zoom", did you mean "zoom"?',
  })
  expect(await node().run(updateCommand, 'One', '--apps-only')).toMatchObject({
    code: 2,
    error: expect.stringMatching(/ is called "One" \(there are "zoom", "microsoft-teams", "telegram"\)$/),
  })
})
