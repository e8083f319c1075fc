/** A disk of 64 KiB that fills up, for root on Linux: nothing else shows what ENOSPC in the middle of a write does. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Its mount point; the test is skipped, with the reason, where it can't be made. */
export async function smallDisk(skip: (why: string) => void): Promise<string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) skip('a full disk needs root on Linux to mount a small tmpfs')
  const folder = await mkdtemp(join(tmpdir(), 'ringfence-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'ringfence-test', folder], { stdio: 'pipe' })
  } catch (error) {
    await rmdir(folder)
    skip(`a full disk needs the right to mount a tmpfs: ${String(error)}`)
  }
  onTestFinished(async () => {
    execFileSync('umount', ['--lazy', folder])
    await rmdir(folder)
  })
  return folder
}
