import fc from 'fast-check'
import { expect } from 'vitest'
import { parseBasicCredentials } from '../../src/wire/basic-credentials.ts'
import { latin1 } from '../../src/wire/text.ts'
import { anyBytes, property } from './support.ts'

const text = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((some) => some.toWellFormed())
  .filter((some) => !/[\u0000-\u001f\u007f-\u009f]/.test(some))
const names = text.filter((some) => !some.includes(':'))

const encode = (some: string): string => Buffer.from(some).toString('base64')

property('is read as it was written', names, text, (name, password) => {
  expect(parseBasicCredentials(`Basic ${encode(`${name}:${password}`)}`)).toEqual({ name, password })
})

property('never throws, and what is wrong is told without quoting the value', anyBytes, (bytes) => {
  const value = `Basic ${latin1(bytes)}`
  const read = parseBasicCredentials(value)
  if ('problem' in read) expect(read.problem).toMatch(/^the login [\w\- ]+$/)
})

property('has one text only: whatever is read is what its writer would write', fc.base64String({ maxLength: 80 }), (some) => {
  const read = parseBasicCredentials(`Basic ${some}`)
  if (!('problem' in read)) expect(encode(`${read.name}:${read.password}`)).toBe(some)
})
