import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OperatorError } from '../../src/model/errors.ts'
import { holdFolder } from '../../src/records/folder-lock.ts'
import { madeUpFolder } from './made-up.ts'

test('a second holder is refused and told who the first is, until that one lets go', async () => {
  const folder = join(await madeUpFolder(), 'state', 'flows')
  const first = await holdFolder(folder)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  const second = holdFolder(folder)
  await expect(second).rejects.toThrow(OperatorError)
  await expect(second).rejects.toThrow(`another Ringfence (pid ${process.pid}) writes to ${folder}; stop it or set records.folder`)
  await first.release()
  await (await holdFolder(folder)).release()
})

test('a folder that cannot be made is one plain line, and no end of trying', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux has /proc')
  for (const folder of ['/proc/ringfence', '/proc/ringfence/state/flows'])
    await expect(holdFolder(folder)).rejects.toThrow(/^can't make the records folder \/proc\/ringfence[^\n]*: ENOENT: [^\n]*$/)
  const file = join(await madeUpFolder(), 'file')
  await writeFile(file, '')
  await expect(holdFolder(file)).rejects.toThrow(`can't make the records folder ${file}: EEXIST`)
  await expect(holdFolder(join(file, 'flows'))).rejects.toThrow(`can't make the records folder ${join(file, 'flows')}: ENOTDIR`)
})

test('many that make the same deep folder at once all find it', async () => {
  const root = await madeUpFolder()
  const held = await Promise.all(Array.from({ length: 8 }, (_, i) => holdFolder(join(root, 'a', 'b', 'c', String(i)))))
  await Promise.all(held.map((lock) => lock.release()))
})

test('of many that come at once one gets the folder, stale socket or not', async () => {
  for (const stale of [false, ...Array<boolean>(40).fill(true)]) {
    const folder = await madeUpFolder()
    if (stale) await leaveStaleSocket(folder)
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => holdFolder(folder)))
    const held = results.filter((result) => result.status === 'fulfilled')
    expect(held).toHaveLength(1)
    await held[0]?.value.release()
    expect(await readdir(folder)).toEqual([])
  }
})

test('the socket of a process that was killed is replaced', async () => {
  const folder = await madeUpFolder()
  await leaveStaleSocket(folder)
  expect(await readdir(folder)).toEqual(['lock'])
  await (await holdFolder(folder)).release()
})

test('a file that is no socket is left alone', async () => {
  const folder = await madeUpFolder()
  await writeFile(join(folder, 'lock'), 'mine')
  await expect(holdFolder(folder)).rejects.toThrow(`${join(folder, 'lock')} is not a socket of Ringfence`)
})

test('a path too long for a socket is locked as well', async () => {
  const folder = join(await madeUpFolder(), 'x'.repeat(120))
  await mkdir(folder)
  const first = await holdFolder(folder)
  await expect(holdFolder(folder)).rejects.toThrow('another Ringfence')
  expect(await readdir(folder)).toEqual([])
  await first.release()
})

async function leaveStaleSocket(folder: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(join(folder, 'lock'))}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit')
}

test('a hold whose folder was removed and taken by another lets go without touching theirs', async () => {
  const folder = join(await madeUpFolder(), 'flows')
  const first = await holdFolder(folder)
  expect(await first.stands()).toBe(true)
  await rm(folder, { recursive: true })
  expect(await first.stands()).toBe(false)
  const second = await holdFolder(folder)
  await first.release()
  expect(await second.stands()).toBe(true)
  await expect(holdFolder(folder)).rejects.toThrow('another Ringfence')
  await second.release()
})
