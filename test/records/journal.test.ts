import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import ts from 'typescript'
import { expect, onTestFinished, test } from 'vitest'
import { OperatorError, RingfenceError } from '../../src/model/errors.ts'
import type { JournalEvent } from '../../src/model/event.ts'
import { type JournalOptions, openJournal } from '../../src/records/journal.ts'
import { decided, ended, madeUpFolder, segmentText, tickingClock, writeSegment } from './made-up.ts'
import { smallDisk } from './small-disk.ts'

const unexpected = (error: RingfenceError): void => {
  throw error
}

async function opened(folder: string, options: Partial<JournalOptions> = {}) {
  const journal = await openJournal({ folder, node: 'node-1', clock: tickingClock(), onTrouble: unexpected, ...options })
  onTestFinished(() => journal.close().catch(() => {}))
  return journal
}

const files = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.ndjson')).sort()

async function linesOf(folder: string, name = '000001.ndjson'): Promise<JournalEvent[]> {
  const text = await readFile(join(folder, name), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalEvent)
}

const idsOf = (events: readonly JournalEvent[]) => events.map((event) => ('id' in event ? event.id : null))

test('1,000 concurrent events stand in the file in the order of their calls, numbered without gaps', async () => {
  const folder = join(await madeUpFolder(), 'flows')
  const journal = await opened(folder)
  const done: number[] = []
  const some = (i: number) => journal.append(decided(`f${i}`)).then(() => done.push(i))
  await Promise.all([...Array.from({ length: 500 }, (_, i) => some(i)), ...Array.from({ length: 500 }, (_, i) => some(500 + i))])
  const events = await linesOf(folder)
  expect(idsOf(events)).toEqual(Array.from({ length: 1_000 }, (_, i) => `f${i}`))
  expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1))
  expect(done).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
  expect(events[0]).toMatchObject({ v: 1, seq: 1, time: '2026-11-25T12:00:00.000Z', node: 'node-1', type: 'decided' })
  if (process.platform === 'win32') return
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  expect((await stat(join(folder, '000001.ndjson'))).mode & 0o777).toBe(0o600)
})

test('an event is in the file when its append resolves', async () => {
  const folder = await madeUpFolder()
  const journal = await opened(folder)
  for (const id of ['a', 'b', 'c']) {
    await journal.append(decided(id))
    expect(idsOf(await linesOf(folder)).at(-1)).toBe(id)
  }
})

test('a journal that is opened again goes on in the same segment with the next number', async () => {
  const folder = await madeUpFolder()
  const first = await opened(folder)
  await first.append(decided('a'))
  await first.close()
  const second = await opened(folder)
  await second.append(ended('a'))
  expect((await linesOf(folder)).map(({ seq }) => seq)).toEqual([1, 2])
  expect(await files(folder)).toEqual(['000001.ndjson'])
})

test('a torn last line is left as it is, and a new segment goes on from the last whole one', async () => {
  const folder = await madeUpFolder()
  const torn = segmentText([decided('a'), decided('b'), decided('c')]).slice(0, -10)
  await writeSegment(folder, 4, torn)
  const journal = await opened(folder)
  await journal.append(decided('d'))
  expect(await readFile(join(folder, '000004.ndjson'), 'utf8')).toBe(torn)
  expect((await linesOf(folder, '000005.ndjson')).map(({ seq }) => seq)).toEqual([3])
})

test('where the last segment has no whole line, the number comes from the one before', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText([decided('a'), decided('b')]))
  await writeSegment(folder, 2, '{"v":1,"se')
  const journal = await opened(folder)
  await journal.append(decided('c'))
  expect((await linesOf(folder, '000003.ndjson')).map(({ seq }) => seq)).toEqual([3])
})

test('a full segment is followed by the next', async () => {
  const folder = await madeUpFolder()
  const journal = await opened(folder, { segmentBytes: 1_000 })
  for (const id of ['a', 'b', 'c', 'd']) await journal.append(decided(id))
  expect(await files(folder)).toEqual(['000001.ndjson', '000002.ndjson'])
  expect((await linesOf(folder, '000002.ndjson')).map(({ seq }) => seq)).toEqual([3, 4])
})

test('closing writes what is queued, lets go of the folder, and nothing can be appended after', async () => {
  const folder = await madeUpFolder()
  const journal = await opened(folder)
  const appended = Promise.all(Array.from({ length: 50 }, (_, i) => journal.append(decided(`f${i}`))))
  await Promise.all([journal.close(), journal.close()])
  await appended
  expect(await linesOf(folder)).toHaveLength(50)
  expect(await readdir(folder)).toEqual(['000001.ndjson'])
  await expect(journal.append(decided('late'))).rejects.toMatchObject({ code: 'record.failed' })
})

test('a second journal of the same folder is refused, one that cannot be made as well', async () => {
  const folder = await madeUpFolder()
  await opened(folder)
  await expect(opened(folder)).rejects.toThrow(`another Ringfence (pid ${process.pid}) writes to ${folder}`)
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(opened(join(file, 'flows'))).rejects.toThrow(OperatorError)
})

test('when the disk is full appends fail and name the file; with room again they go on without a torn line or a gap', async ({ skip }) => {
  const folder = join(await smallDisk(skip), 'flows')
  const trouble: RingfenceError[] = []
  const journal = await opened(folder, { onTrouble: (error) => trouble.push(error) })
  onTestFinished(() => journal.close())
  const ballast = join(dirname(folder), 'ballast')
  await writeFile(ballast, Buffer.alloc(40_000))

  const results = await Promise.allSettled(
    Array.from({ length: 60 }, (_, i) => journal.append(decided(`f${i}`, { personal: { sentence: 'x'.repeat(1_000) } }))),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  expect(refused[0]?.reason).toBeInstanceOf(RingfenceError)
  expect(refused[0]?.reason).toMatchObject({ code: 'record.failed', cause: { code: 'ENOSPC' } })
  expect(refused[0]?.reason.message).toContain(join(folder, '000001.ndjson'))
  expect(trouble).toContain(refused[0]?.reason)

  await rm(ballast)
  await journal.append(decided('after'))
  const events = await linesOf(folder)
  const written = results.flatMap((result, i) => (result.status === 'fulfilled' ? [`f${i}`] : []))
  expect(idsOf(events)).toEqual([...written, 'after'])
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1))
})

test('when somebody deletes the segment the next events go to a new one', async () => {
  const folder = await madeUpFolder()
  const journal = await opened(folder)
  await journal.append(decided('a'))
  await rm(join(folder, '000001.ndjson'))
  const filesAfterOneMore = async () => {
    await journal.append(decided('b'))
    return files(folder)
  }
  await expect.poll(filesAfterOneMore, { timeout: 5_000, interval: 60 }).toEqual(['000002.ndjson'])
})

test('a process that is killed has lost no event whose append had resolved', async () => {
  const folder = join(await madeUpFolder(), 'flows')
  const child = spawn(process.execPath, [await compiledWriter(), folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let last = -1
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last === 2_000) child.kill('SIGKILL')
  }
  await closed
  const whole = (await readFile(join(folder, '000001.ndjson'), 'utf8')).split('\n').slice(0, -1)
  expect(last).toBeGreaterThanOrEqual(2_000)
  expect(whole.length).toBeGreaterThan(last)
  expect(whole.map((line) => (JSON.parse(line) as JournalEvent).seq)).toEqual(whole.map((_, i) => i + 1))
  const journal = await opened(folder) // The lock that the dead process left behind is no obstacle.
  await journal.append(decided('next'))
})

/** The journal and what it needs as plain JavaScript, and a script that says each number once it is recorded. */
async function compiledWriter(): Promise<string> {
  const out = await madeUpFolder()
  await writeFile(join(out, 'package.json'), '{"type":"module"}')
  const source = join(import.meta.dirname, '../../src')
  for (const name of await modulesOf(source, 'records/journal.ts')) {
    const { outputText } = ts.transpileModule(await readFile(join(source, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    })
    await mkdir(dirname(join(out, name)), { recursive: true })
    await writeFile(join(out, name.replace(/\.ts$/, '.js')), outputText)
  }
  await writeFile(
    join(out, 'writer.js'),
    `import { writeSync } from 'node:fs'
    import { openJournal } from './records/journal.js'
    const clock = { now: Date.now, monotonic: () => 0 }
    const journal = await openJournal({ folder: process.argv[2], node: 'n', clock, onTrouble: console.error })
    for (let i = 0; ; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, j) => journal.append(${JSON.stringify(decided('x'))}).then(() => writeSync(1, i + j + '\\n'))))
    }`,
  )
  return join(out, 'writer.js')
}

/** A module and all that it imports, by path below the source folder. */
async function modulesOf(source: string, first: string): Promise<ReadonlySet<string>> {
  const found = new Set([first])
  for (const name of found) {
    for (const [, path = ''] of (await readFile(join(source, name), 'utf8')).matchAll(/from '(\.[^']+)'/g))
      found.add(join(dirname(name), path))
  }
  return found
}

test('a folder that somebody removes is made again, with its lock, and records go on', async () => {
  const folder = join(await madeUpFolder(), 'flows')
  const journal = await opened(folder, { onTrouble: () => {} })
  await journal.append(decided('before'))
  await rm(folder, { recursive: true })
  // Found out at the next sync, at most 100 ms later.
  await expect
    .poll(async () => {
      await journal.append(decided('after'))
      return await files(folder).catch(() => [])
    })
    .toEqual(['000002.ndjson'])
  expect(idsOf(await linesOf(folder, '000002.ndjson'))).toContain('after')
  await expect(openJournal({ folder, node: 'n', clock: tickingClock(), onTrouble: unexpected })).rejects.toThrow('another Ringfence')
})
