import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { MAX_ALIASES, yamlFaults } from '../../src/policy/yaml-faults.ts'

/** Offset and message of each fault. */
const faults = (text: string) => {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' })
  return yamlFaults(document, text).map(({ offset, message }) => `${offset} ${message}`)
}

// The wording of each mistake, with its place in a policy, is in golden/.

test('sound YAML has no faults', () => expect(faults('a: &x [1, 2]\nb: *x\nc: *x\n')).toEqual([]))

test('what was opened is told where it was opened', () => {
  expect(faults('a: [1, 2\nb: 3\n')).toEqual(['3 this [ is never closed by a ]'])
  expect(faults('a: "b\n')).toEqual(['3 this " is never closed by a "'])
})

test('ten faults of syntax are told, not ten thousand', () => expect(faults('\t- a\n'.repeat(50))).toHaveLength(10))

test('an alias stands for an anchor before it, and for the last of that name', () => {
  expect(faults('a: *x\nb: &x 1\nc: *x\n')).toEqual(['3 "*x" stands for nothing: no "&x" comes before it'])
  expect(faults('- &x 1\n- &x 2\n- *x\n- &y { z: &z 1, *z : *x }\n')).toEqual([])
})

test('an alias within what it stands for is told, unless the name was given anew', () => {
  expect(faults('a: &a { b: [*a] }\n')).toEqual(['12 "*a" stands for what it is a part of'])
  expect(faults('a: &a { b: &a 1, c: *a }\n')).toEqual([])
})

test('a file may hold a hundred aliases; the next is told, and nothing after it is looked at', () => {
  const text = (aliases: number) => `- &x 1\n${'- *x\n'.repeat(aliases)}- *y\n`
  expect(faults(text(MAX_ALIASES - 1))).toEqual([expect.stringContaining('"*y" stands for nothing')])
  expect(faults(text(MAX_ALIASES))).toEqual([`${7 + 5 * MAX_ALIASES + 2} this is alias number 101 ("*y"): a file may hold 100`])
  expect(faults(text(100_000))).toEqual([`${7 + 5 * MAX_ALIASES + 2} this is alias number 101 ("*x"): a file may hold 100`])
})

test('the file is visited once, however many aliases it holds', () => {
  const text = `- &x 1\n${'- *x\n'.repeat(MAX_ALIASES)}`
  const document = parseDocument(text)
  let reads = 0
  const { contents } = document
  Object.defineProperty(document, 'contents', {
    get: () => {
      reads++
      return contents
    },
  })
  expect(yamlFaults(document, text)).toEqual([])
  expect(reads).toBeLessThan(10)
})
