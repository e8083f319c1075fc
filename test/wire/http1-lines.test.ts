import { expect, test } from 'vitest'
import { MAX_FIELDS, readLines } from '../../src/wire/http1-lines.ts'
import { ascii } from './support.ts'

const read = (text: string, headBytes = 32_768) => readLines(ascii(text), 0, { headBytes })

test('a head is cut into lines and ends at the empty one', () => {
  expect(read('a\r\nb: c\r\n\r\nbody')).toEqual({ kind: 'value', value: ['a', 'b: c'], consumed: 11 })
})

test('a bare LF is refused before the head is complete', () => {
  expect(read('GET / HTTP/1.1\nHost')).toMatchObject({ kind: 'malformed', status: 400 })
  expect(read('a\r\n\n')).toMatchObject({ kind: 'malformed', status: 400 })
})

test('a head that is too long is 431, a request line that is too long 414, complete or not', () => {
  expect(read('a\r\nb: cccc\r\n\r\n', 14)).toMatchObject({ kind: 'value' })
  expect(read('a\r\nb: cccc\r\n\r\n', 13)).toMatchObject({ status: 431 })
  expect(read('a\r\nb: cccccccc', 12)).toMatchObject({ status: 431 })
  expect(read('aaaaaaaaaaaaa\r\n\r\n', 12)).toMatchObject({ status: 414 })
  expect(read('aaaaaaaaaaaaa', 12)).toMatchObject({ status: 414 })
})

test('there is a limit to the number of fields', () => {
  expect(read(`a\r\n${'b: c\r\n'.repeat(MAX_FIELDS)}\r\n`)).toMatchObject({ kind: 'value' })
  expect(read(`a\r\n${'b: c\r\n'.repeat(MAX_FIELDS + 1)}`)).toMatchObject({ status: 431 })
})
