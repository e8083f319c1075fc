import { expect, test } from 'vitest'
import { z } from 'zod'
import { shapeFaults } from '../../src/policy/shape-faults.ts'

const schema = z.strictObject({
  name: z.string(),
  mode: z.enum(['observe', 'enforce']),
  version: z.literal(1).default(1),
  ports: z.array(z.number()).optional(),
  door: z.union([z.strictObject({ type: z.literal('a') }), z.strictObject({ kind: z.literal('b') })]).optional(),
  answer: z.union([z.enum(['yes', 'no']), z.array(z.string())], { error: 'must be yes or no, or a list' }).optional(),
  names: z.record(z.string().regex(/^[a-z]+$/, { error: 'must be small letters' }), z.string().min(1)).optional(),
  limits: z.strictObject({ seconds: z.number().default(1) }).prefault({}),
})

function faults(written: unknown) {
  const { error } = schema.safeParse(written, { reportInput: true })
  return shapeFaults(error?.issues ?? [], schema)
}

const sound = { name: 'x', mode: 'observe' }

test('a sound shape has no faults', () => expect(faults(sound)).toEqual([]))

test.each([
  [
    { ...sound, name: 7 },
    { path: ['name'], message: 'must be a text, not a number' },
  ],
  [
    { ...sound, ports: [1, 'x'] },
    { path: ['ports', 1], message: 'must be a number, not a text' },
  ],
  [
    { ...sound, version: 2 },
    { path: ['version'], message: 'must be 1, not 2' },
  ],
  [
    { ...sound, mode: 'enforced' },
    { path: ['mode'], message: '"enforced" is not one of observe, enforce, did you mean "enforce"?' },
  ],
  [{ mode: 'observe' }, { path: [], message: '"name" is missing' }],
  [{ name: 'x' }, { path: [], message: '"mode" is missing (observe, enforce)' }],
  [[], { path: [], message: 'the file must be a set of keys, not a list' }],
])('%j', (written, fault) => expect(faults(written)).toEqual([fault]))

test('a wrong key is told at the key, with the words that are known there', () => {
  expect(faults({ ...sound, prots: [] })).toEqual([
    { path: [], atKey: 'prots', message: '"prots" is not a word of this file, did you mean "ports"?' },
  ])
  expect(faults({ ...sound, limits: { second: 1 } })).toEqual([
    { path: ['limits'], atKey: 'second', message: '"second" is not a word of this file, did you mean "seconds"?' },
  ])
  expect(faults({ ...sound, limits: { x: 1 } })[0]?.message).toBe('"x" is not a word of this file (known here: seconds)')
})

test('a key that no key may be is told at the key, and a text that may not be empty says so', () =>
  expect(faults({ ...sound, names: { Ana: 'a', bo: '' } })).toEqual([
    { path: ['names'], atKey: 'Ana', message: '"Ana" must be small letters' },
    { path: ['names', 'bo'], message: 'must not be empty' },
  ]))

test('where one of several forms is a choice of words, the nearest is told', () => {
  const told = (answer: unknown) => faults({ ...sound, answer }).map(({ message }) => message)
  expect(told('yess')).toEqual(['must be yes or no, or a list, did you mean "yes"?'])
  expect(told('perhaps')).toEqual(['must be yes or no, or a list'])
  expect(told(7)).toEqual(['must be yes or no, or a list'])
})

test('of several forms the words of all are known', () =>
  expect(
    faults({ ...sound, door: { tpye: 'a' } })
      .map(({ message }) => message)
      .join(),
  ).toContain('"tpye" is not a word of this file, did you mean "type"?'))

test('what cannot be written out is told all the same', () => {
  const loop: unknown[] = []
  loop.push(loop)
  expect(faults({ ...sound, mode: loop, version: loop })).toHaveLength(2)
})
