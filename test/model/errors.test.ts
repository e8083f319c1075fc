import { expect, test } from 'vitest'
import {
  asRingfenceError,
  ConfigErrors,
  type ErrorCode,
  errorKind,
  errorKinds,
  formatProblem,
  OperatorError,
  RingfenceError,
} from '../../src/model/errors.ts'

const codes = Object.keys(errorKinds) as ErrorCode[]

test.each(codes)('%s can be told in every dialect', (code) => {
  const { says, socks5, http, proxyStatus } = errorKind(code)
  expect(code).toMatch(/^[a-z]+\.[a-z-]+$/)
  expect(says).toMatch(/^[\p{L} ,']+$/u)
  // RFC 1928 §6 has replies 1 to 8; 0 would be success.
  expect(socks5).toBeGreaterThanOrEqual(1)
  expect(socks5).toBeLessThanOrEqual(8)
  expect(http).toBeGreaterThanOrEqual(400)
  expect(http).toBeLessThanOrEqual(599)
  // RFC 8941 §3.3.4: a token.
  expect(proxyStatus).toMatch(/^[a-z_]+$/)
})

test('what policy forbids is 403 and "not allowed by ruleset", and nothing else is', () => {
  for (const code of codes) {
    const { blame, socks5, http } = errorKind(code)
    expect([http === 403, socks5 === 2], code).toEqual([blame === 'policy', blame === 'policy'])
  }
})

test('what the network did is a gateway error, what the client did one of 4xx, the rest 5xx', () => {
  for (const code of codes) {
    const { blame, http } = errorKind(code)
    if (blame === 'network') expect([502, 504], code).toContain(http)
    if (blame === 'client') expect(Math.floor(http / 100), code).toBe(4)
    if (blame === 'operator' || blame === 'bug') expect([500, 503, 508], code).toContain(http)
  }
})

test('a failure keeps its code and its cause', () => {
  const cause = new Error('ECONNREFUSED')
  const error = new RingfenceError('dial.refused', '203.0.113.7:443 refused', { cause })
  expect(asRingfenceError(error)).toBe(error)
  expect([error.code, error.message, error.cause, error.name]).toEqual(['dial.refused', '203.0.113.7:443 refused', cause, 'RingfenceError'])
})

test('whatever else was thrown is a bug of ours', () => {
  const bug = new TypeError('x is not a function')
  expect(asRingfenceError(bug)).toMatchObject({ code: 'bug.unexpected', message: 'x is not a function', cause: bug })
  expect(asRingfenceError('text')).toMatchObject({ code: 'bug.unexpected', message: 'text' })
  expect(asRingfenceError(undefined)).toMatchObject({ code: 'bug.unexpected', message: 'undefined' })
  expect(asRingfenceError(new OperatorError('port taken'))).toMatchObject({ code: 'bug.unexpected', message: 'port taken' })
})

const problem = (file: string, line: number, column: number, path = '') => ({ position: { file, line, column }, path, message: 'is wrong' })

test('a fault names its place', () => {
  expect(formatProblem(problem('p.yaml', 3, 7, 'fences[2].never[0]'))).toBe('p.yaml:3:7 fences[2].never[0]: is wrong')
  expect(formatProblem(problem('p.yaml', 1, 1))).toBe('p.yaml:1:1: is wrong')
})

test('faults are told in the order of the file', () => {
  const errors = new ConfigErrors([problem('b', 1, 1), problem('a', 10, 2), problem('a', 10, 1), problem('a', 9, 9)])
  expect(errors.message).toBe('a:9:9: is wrong\na:10:1: is wrong\na:10:2: is wrong\nb:1:1: is wrong')
  expect(errors.problems.map(({ position }) => position.line)).toEqual([9, 10, 10, 1])
})
