import { PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOf } from '../../src/cli/lines.ts'

const never = new AbortController().signal

async function allOf(chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const lines: string[] = []
  for await (const piece of linesOf(Readable.from(chunks), never)) lines.push(...piece)
  return lines
}

test('however a stream is cut, the lines are the same; the last one needs no end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.nat(40)), async (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll('\n', ''))
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const chunks: Buffer[] = []
      let at = 0
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut))
        at += cut
      }
      chunks.push(bytes.subarray(at))
      expect((await allOf(chunks.filter(({ length }) => length > 0))).map((line) => line)).toEqual(
        lines.map((line) => Buffer.from(line).toString()),
      )
    }),
    { numRuns: 200 },
  )
  expect(await allOf(['a\nb'])).toEqual(['a', 'b'])
  expect(await allOf([])).toEqual([])
})

test('what has no line ends is cut, so that it does not fill the memory', async () => {
  const lines = await allOf(Array.from({ length: 10 }, () => 'x'.repeat(30_000)))
  expect(lines.length).toBeGreaterThan(3)
  expect(lines.join('')).toHaveLength(300_000)
})

test('it ends when told to, also amid silence', async () => {
  const stop = new AbortController()
  const input = new PassThrough()
  input.write('a\nb')
  const seen: string[] = []
  const reading = (async () => {
    for await (const piece of linesOf(input, stop.signal)) seen.push(...piece)
  })()
  await expect.poll(() => seen).toEqual(['a'])
  stop.abort()
  await reading
  expect(input.destroyed).toBe(true)
})

test('a failing stream fails the reader', async () => {
  const input = new Readable({ read: () => undefined })
  const reading = allOfStream(input)
  input.destroy(new Error('the disk is gone'))
  await expect(reading).rejects.toThrow('the disk is gone')
})

async function allOfStream(input: Readable): Promise<void> {
  for await (const _ of linesOf(input, never));
}
