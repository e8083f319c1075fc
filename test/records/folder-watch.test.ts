import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FolderWatch } from '../../src/records/folder-watch.ts'
import { madeUpFolder } from './made-up.ts'

const started = async () => {
  const folder = await madeUpFolder()
  const watch = new FolderWatch(folder)
  onTestFinished(() => watch.stop())
  return { folder, watch }
}

test('a change that came before somebody waited is not missed', async () => {
  const { folder, watch } = await started()
  await writeFile(join(folder, 'file'), '')
  await watch.next(undefined)
})

test('without a change the wait is over after half a second, and at once when the signal fires', async () => {
  const { watch } = await started()
  const before = performance.now()
  await watch.next(undefined)
  expect(performance.now() - before).toBeLessThan(2_000)
  await watch.next(AbortSignal.abort())
  const stop = new AbortController()
  const waiting = watch.next(stop.signal)
  stop.abort()
  await waiting
})

test('a folder that cannot be watched is polled', async () => {
  const watch = new FolderWatch('/nowhere/flows')
  await watch.next(undefined)
  watch.stop()
})
