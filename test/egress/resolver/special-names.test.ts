import { expect, test } from 'vitest'
import { isSpecial, specialAnswer } from '../../../src/egress/resolver/special-names.ts'
import { name } from '../support.ts'

test.each(['localhost', 'app.localhost'])('%s is loopback, whatever a server would say', (text) => {
  expect(specialAnswer(name(text))).toEqual({ kind: 'addresses', ips: ['127.0.0.1', '::1'] })
  expect(isSpecial(text)).toBe(true)
})

test.each(['invalid', 'x.invalid', 'abcdefg.onion'])('%s does not exist', (text) => {
  expect(specialAnswer(name(text))).toEqual({ kind: 'not-found' })
  expect(isSpecial(text)).toBe(true)
})

test.each(['example.com', 'notlocalhost', 'localhost.example.com', 'test'])('%s is an ordinary name', (text) => {
  expect(specialAnswer(name(text))).toBeNull()
  expect(isSpecial(text)).toBe(false)
})
