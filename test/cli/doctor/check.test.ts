import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { geoipCommand } from '../../../src/cli/commands/geoip.ts'
import { type Finding, fail, ok, warn } from '../../../src/cli/doctor/check.ts'
import { checks } from '../../../src/cli/doctor/index.ts'
import { compilePolicy } from '../../../src/policy/compile.ts'
import { ip } from '../../policy/words.ts'
import { healthy, patient } from './patient.ts'

test('what is well needs no mending, what is amiss says how', () => {
  expect(ok('a')).toEqual({ state: 'ok', says: 'a' })
  expect(warn('a', 'b')).toEqual({ state: 'warn', says: 'a', mend: 'b' })
  expect(fail('a', 'b')).toEqual({ state: 'fail', says: 'a', mend: 'b' })
})

test('on a node where nothing works every finding names what mends it, and only commands that there are', async () => {
  const well = await patient(`${healthy}resolver: { servers: ["udp://127.0.0.1:1"] }\n`, { offline: false })
  const file = path.join(well.folder, 'file')
  writeFileSync(file, '')
  const { settings, opened } = well
  const broken = {
    ...well,
    clock: { now: () => Date.UTC(2020, 0, 1), monotonic: () => 0 },
    settings: {
      ...settings,
      inbounds: [{ ...settings.inbounds[0], listen: { host: ip('192.0.2.1'), port: 8080 } }] as const,
      records: { ...settings.records, folder: file },
      upstream: [{ type: 'socks5', server: { host: ip('127.0.0.1'), port: 1 }, login: null, tls: null }] as const,
      geoip: { ...settings.geoip, folder: file, cache: file },
    },
    opened: { table: opened.table, refused: { why: 'damaged', key: null } },
    policy: compilePolicy(
      'version: 1\nmode: enforce\nuncertain: { disputed: allow, unknown: allow, anycast: allow }\nfences: [{ name: a, never: [CN] }]\n',
      'p.yaml',
      'p.yaml',
    ),
  }
  const commands = geoipCommand().commands.map((command) => command.name())
  for (const [name, check] of Object.entries(checks)) {
    const findings: readonly Finding[] = await check(broken)
    expect(
      findings.map(({ state }) => state),
      name,
    ).toContain('fail')
    for (const { state, mend = '' } of findings) {
      if (state === 'warn' || state === 'fail') expect(mend, name).not.toBe('')
      for (const [, command] of mend.matchAll(/ringfence geoip (\w+)/g)) expect(commands, name).toContain(command)
    }
  }
})
