import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Patient } from '../../../src/cli/doctor/check.ts'
import { folders, roomOf } from '../../../src/cli/doctor/folders.ts'
import { smallDisk } from '../../records/small-disk.ts'
import { patient, said, states } from './patient.ts'

const NOBODY = 65_534

const withRecords = (one: Patient, records: Partial<Patient['settings']['records']>): Patient => ({
  ...one,
  settings: { ...one.settings, records: { ...one.settings.records, ...records } },
})

/** What the check says when another user runs it. */
async function asNobody(one: Patient): Promise<string> {
  process.seteuid?.(NOBODY)
  try {
    return said(await folders(one))
  } finally {
    process.seteuid?.(0)
  }
}

test('folders that can be written are well, and nothing stays in them', async () => {
  const one = await patient()
  mkdirSync(one.settings.records.folder, { mode: 0o700 })
  expect(states(await folders(one))).toEqual(['ok', 'ok', 'ok', expect.stringMatching(/ok|warn/)])
  expect(readdirSync(one.settings.records.folder)).toEqual([])
})

test('a folder that is not there yet is tried where it would be made, and not made', async () => {
  const one = await patient()
  const before = readdirSync(one.folder)
  expect(said(await folders(one))).toContain(`records can be written in ${one.settings.records.folder}`)
  expect(readdirSync(one.folder)).toEqual(before)
})

test('a file in the way fails; where records are optional it is a warning', async () => {
  const one = await patient()
  const file = path.join(one.folder, 'file')
  writeFileSync(file, '')
  for (const folder of [file, path.join(file, 'flows')]) {
    const broken = withRecords(one, { folder })
    expect(said(await folders(broken))).toContain(`records cannot be written in ${folder} (ENOTDIR) → ${file} is a file: move it away`)
    expect(states(await folders(broken))[0]).toBe('fail')
    expect(states(await folders(withRecords(broken, { whenDiskFull: 'continue' })))[0]).toBe('warn')
  }
})

test('a folder that this user may not write fails, also below one that it may not enter', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can be somebody else')
  const one = await patient()
  chmodSync(one.folder, 0o755)
  mkdirSync(one.settings.records.folder, { mode: 0o700 })
  expect(await asNobody(one)).toContain(
    `records cannot be written in ${one.settings.records.folder} (EACCES) → as root: chown -R ${NOBODY} ${one.settings.records.folder}; or another folder`,
  )
  expect(await asNobody(one)).toContain(
    `(EACCES) → as root: install -d -m 700 -o ${NOBODY} ${one.settings.geoip.folder}; or another folder`,
  )
  chmodSync(one.folder, 0o700)
  const said = await asNobody(one)
  expect(said).toContain(`records cannot be written in ${one.settings.records.folder} (EACCES)`)
  expect(said).toContain(`location data cannot be written in ${one.settings.geoip.folder} (EACCES)`)
})

test('root is told whose folder it is that root can write, of course', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can write it')
  const one = await patient()
  mkdirSync(one.settings.records.folder, { mode: 0o700 })
  chownSync(one.settings.records.folder, NOBODY, NOBODY)
  expect(said(await folders(one))).toContain(`(by root; it belongs to user ${NOBODY})`)
})

test('records that anyone may read or change, and data that anyone may change, are looked at', async (context) => {
  if (process.platform === 'win32') return context.skip('modes say nothing there')
  const one = await patient()
  const { records, geoip } = one.settings
  mkdirSync(records.folder)
  mkdirSync(geoip.folder)
  chmodSync(records.folder, 0o755)
  chmodSync(geoip.folder, 0o777)
  expect(said(await folders(one))).toContain(
    `anyone on this machine may read the records in ${records.folder} → chmod o= ${records.folder}`,
  )
  expect(said(await folders(one))).toContain(
    `anyone on this machine may change location data in ${geoip.folder} → chmod o-w ${geoip.folder}`,
  )
  chmodSync(records.folder, 0o777)
  expect(said(await folders(one))).toContain(`anyone on this machine may change the records in ${records.folder}`)
  chmodSync(records.folder, 0o750)
  expect(said(await folders(one))).not.toContain('the records')
})

test('a cache that can’t be written costs time only', async () => {
  const one = await patient()
  writeFileSync(path.join(one.folder, 'file'), '')
  const settings = { ...one.settings, geoip: { ...one.settings.geoip, cache: path.join(one.folder, 'file') } }
  expect(said(await folders({ ...one, settings }))).toContain('every start takes some seconds longer')
  expect(states(await folders({ ...one, settings }))).not.toContain('fail')
})

test('a small disk fails where every record is needed, and a full one takes none', async ({ skip }) => {
  const disk = await smallDisk(skip)
  const one = withRecords(await patient(), { folder: path.join(disk, 'flows') })
  mkdirSync(path.join(disk, 'flows'), { mode: 0o700 })
  expect(said(await folders(one))).toMatch(/ kB are free for records: without room for its record a connection is refused → a larger disk/)
  expect(states(await folders(withRecords(one, { whenDiskFull: 'continue' })))).not.toContain('fail')
  expect(() => writeFileSync(path.join(disk, 'fill'), Buffer.alloc(128 * 1_024))).toThrow('ENOSPC')
  expect(said(await folders(one))).toContain(`records cannot be written in ${path.join(disk, 'flows')} (ENOSPC) → a larger disk or quota`)
  expect(readdirSync(path.join(disk, 'flows'))).toEqual([])
})

test.each([
  [2e9, true, 'ok'],
  [500e6, true, 'warn'],
  [500e6, false, 'warn'],
  [10e6, true, 'fail'],
  [10e6, false, 'warn'],
])('%i free bytes for records that are needed (%j): %s', (free, needed, state) => expect(roomOf(free, needed).state).toBe(state))
