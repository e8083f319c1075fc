import { expect, test } from 'vitest'
import { problem, rawAnswer } from '../../src/web/answer.ts'

test('a fault is problem+json whose title is the status’s own', () => {
  const { type, body } = problem(421, 'Not here.')
  expect(type).toBe('application/problem+json')
  expect(JSON.parse(body)).toEqual({ title: 'Misdirected Request', status: 421, detail: 'Not here.' })
})

test('as bytes it has its length, ends the connection, and lets nothing run', () => {
  const [head = '', body = ''] = rawAnswer(problem(400, 'Ünreadable.')).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`)
  expect(head).toContain('\r\nConnection: close')
  expect(head).toContain("\r\nContent-Security-Policy: default-src 'none';")
})
