import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigErrors } from '../../src/model/errors.ts'
import { readSource, type SourceOptions } from '../../src/policy/yaml-source.ts'

const schema = z.strictObject({
  name: z.string(),
  ports: z.array(z.number()).optional(),
  door: z.union([z.strictObject({ type: z.literal('a') }), z.strictObject({ kind: z.literal('b') })]).optional(),
})

/** The faults of a text, each as `line:column path: message`. */
function faults(text: string, alsoCheck: NonNullable<SourceOptions['alsoCheck']> = () => {}): string[] {
  try {
    readSource(text, 'f', schema, { alsoCheck })
    return []
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error
    return error.message.split('\n').map((line) => line.replace(/^f:/, ''))
  }
}

test('a sound file is its value', () => {
  const source = readSource('name: x\nports: [1, 2]\n', 'f', schema)
  expect(source.value).toEqual({ name: 'x', ports: [1, 2] })
  expect(() => source.throwIfReported()).not.toThrow()
})

test('faults of meaning are collected, and thrown together at their places', () => {
  const source = readSource('name: x\nports:\n  - 1\n  - 2\n', 'f', schema)
  source.report(['ports', 1], 'is wrong')
  source.report(['name'], 'is wrong too')
  source.report(['door', 'type'], 'is not even there')
  expect(() => source.throwIfReported()).toThrow('f:1:1 door.type: is not even there\nf:1:7 name: is wrong too\nf:4:5 ports[1]: is wrong')
})

test('faults of shape stand at the key or the value that is wrong', () =>
  expect(faults('name: 7\nports: [1, x]\nprots: []\n')).toEqual([
    '1:7 name: must be a text, not a number',
    '2:12 ports[1]: must be a number, not a text',
    '3:1: "prots" is not a word of this file, did you mean "ports"?',
  ]))

test('where the shape is faulty, what is sound may be checked for meaning all the same', () =>
  expect(
    faults('ports: [99999]\n', (written, report) => {
      expect(written).toEqual({ ports: [99_999] })
      report(['ports', 0], 'is no port')
    }),
  ).toEqual(['1:1: "name" is missing', '1:9 ports[0]: is no port']))

test('what goes too deep or too far is refused', () => {
  expect(faults('['.repeat(100_000))).toEqual(['1:65: is nested too deeply'])
  expect(faults('- '.repeat(100_000))).toEqual(['1:129: is nested too deeply'])
  expect(faults(`name: |\n  [[[\nports:\n  - ${'{a: ['.repeat(50)}`)).toEqual(['4:164: is nested too deeply'])
  expect(faults(`name: ${'{a: '.repeat(5_000)}`)).toEqual([expect.stringMatching(/^1:\d+: is nested too deeply$/)])
  expect(faults('#'.repeat(2_000_000))).toEqual(['1:1: the file is larger than 1 MiB'])
})

test('an alias is the value that it stands for; what holds itself is refused', () => {
  expect(readSource('name: x\nports: [&p 1, *p]\n', 'f', schema).value.ports).toEqual([1, 1])
  expect(faults('name: x\ndoor: &a { type: *a }\n')).toEqual(['2:18: "*a" stands for what it is a part of'])
})

test('any text is a value or faults with places in it', () => {
  const yaml = fc.array(
    fc.constantFrom(...'name: x\n|ports|door|-  |[|]|{|}|"|\'|#|&a |*a |!t |: |\n|\t|? |---\n|...\n|%|@|`|>|\0|é|7|null'.split('|')),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        yaml.map((parts) => parts.join('')),
      ),
      (text) => {
        for (const fault of faults(text)) {
          const [, line, column] = /^(\d+):(\d+)/.exec(fault) ?? [undefined, '0', '0']
          expect(Number(line)).toBeGreaterThanOrEqual(1)
          expect(Number(line)).toBeLessThanOrEqual(text.split('\n').length)
          expect(Number(column)).toBeGreaterThanOrEqual(1)
        }
      },
    ),
    { numRuns: 400, interruptAfterTimeLimit: 1_000 },
  )
})

test('a key that is a list or a map is refused before it becomes text, which doubles with every level', () => {
  expect(faults(`${'? '.repeat(40)}a`)[0]).toMatch(/a key must be a plain word$/)
  expect(faults(`[a, b]: 1`)[0]).toMatch(/a key must be a plain word$/)
})

test('closing brackets that close nothing lift no limit', () => {
  expect(faults(`${']\n'.repeat(900)}${'['.repeat(900)}`)[0]).toMatch(/is nested too deeply$/)
})
