import { expect, test } from 'vitest'
import { documentChanges, documentLine } from '../../../../src/cli/commands/policy/document-changes.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'

const policy = (fences: string, rest = '') =>
  compilePolicy(
    `version: 1\nmode: observe\nuncertain: { disputed: block, unknown: log, anycast: allow }\n${rest}\nfences: [${fences}]\n`,
    'p.yaml',
    'p.yaml',
  )

const line = (...policies: [ReturnType<typeof policy>, ReturnType<typeof policy>]) => documentLine(documentChanges(...policies))

test('what is only spelt differently is the same', () => {
  expect(line(policy('{ name: a, never: [CN, RU] }'), policy('{ name: a, never: [RU, CN], action: block }'))).toBe(
    'As documents they say the same.',
  )
})

test('fences of one side, fences that differ, and the rest of the document', () => {
  const a = policy('{ name: a, never: [CN] }, { name: b, never: [RU] }, { name: c, never: [KP] }')
  const b = policy('{ name: a, only: [US] }, { name: d, never: [RU] }', 'local_network: block')
  expect(documentChanges(a, b)).toEqual({ onlyA: ['b', 'c'], onlyB: ['d'], changed: ['a'], keys: ['local_network'] })
  expect(line(a, b)).toBe(
    'As documents: fences only in A: b, c; fence only in B: d; fence in both but different: a; local_network differs.',
  )
})

test('another definition makes another fence', () => {
  const fences = '{ name: a, never: [CN], traffic: { is: mail } }, { name: b, never: [RU] }'
  const before = policy(fences, 'definitions: { mail: { is: outgoing }, outgoing: { port: 465 } }')
  const after = policy(fences, 'definitions: { mail: { is: outgoing }, outgoing: { port: 587 } }')
  expect(documentChanges(before, after)).toMatchObject({ changed: ['a'] })
})
