import { expect, test } from 'vitest'
import { reflection } from '../../src/wire/http1-trace.ts'
import { ascii, toText } from './support.ts'

const reflected = (...lines: readonly string[]): string => toText(reflection(ascii([...lines, '', ''].join('\r\n'))))

test('the head comes back as it was written', () => {
  expect(reflected('TRACE http://A.com HTTP/1.1', 'hOST:A.com', 'X: \u00fc  ')).toBe(
    'TRACE http://A.com HTTP/1.1\r\nhOST:A.com\r\nX: \u00fc  \r\n\r\n',
  )
})

test('without what is secret', () => {
  const secrets = ['Authorization: Basic x', 'COOKIE:a=b', 'proxy-authorization: Basic y', 'Cookie2: z']
  expect(reflected('TRACE / HTTP/1.1', ...secrets, 'Host: a')).toBe('TRACE / HTTP/1.1\r\nHost: a\r\n\r\n')
})

test('an empty line that came before it is no part of it', () => {
  expect(reflected('', 'TRACE / HTTP/1.1')).toBe('TRACE / HTTP/1.1\r\n\r\n')
})
