import { describe, expect, test } from 'vitest'
import { endToEndFields, type Field, fieldValues, hasToken, parseFields, serializeFields } from '../../src/wire/http1-fields.ts'

const fields = (...lines: readonly string[]): readonly Field[] => {
  const parsed = parseFields(lines)
  if ('kind' in parsed) throw new Error(parsed.why)
  return parsed
}

describe('parseFields', () => {
  test('keeps the case of names and strips white space around values', () => {
    expect(fields('X-Y:\t a b \t', 'empty:')).toEqual([
      { name: 'X-Y', value: 'a b' },
      { name: 'empty', value: '' },
    ])
  })

  test('keeps bytes beyond ASCII as they are', () => {
    expect(fields('a: \u00a0\u00fc')).toEqual([{ name: 'a', value: '\u00a0\u00fc' }])
  })

  test.each([
    ['space before the colon', 'Host : a'],
    ['a folded line', ' folded'],
    ['a line folded by a tab', '\tfolded'],
    ['no colon', 'Host'],
    ['no name', ': a'],
    ['a name that is no token', 'a(b: c'],
    ['a bare CR', 'a: b\rc'],
    ['NUL', 'a: b\0c'],
    ['DEL', 'a: \x7f'],
    ['a vertical tab', 'a: \x0b'],
  ])('refuses %s', (_, line) => {
    expect(parseFields([line])).toMatchObject({ kind: 'malformed', status: 400 })
  })
})

test('of a line that is no field only the first word is told: a password may stand behind it', () => {
  for (const gap of [' ', '\t']) {
    expect(parseFields([`Proxy-Authorization${gap}Basic c2VjcmV0`])).toMatchObject({
      why: 'a field line without colon: "Proxy-Authorization"',
    })
  }
})

test('a name is found in any case, values stay in order', () => {
  expect(fieldValues(fields('Via: 1', 'x: 2', 'VIA: 3'), 'via')).toEqual(['1', '3'])
})

test('white space before the colon is taken out where it may stand', () => {
  expect(parseFields(['A \t: b', 'C: d'], 'space')).toEqual([
    { name: 'A', value: 'b' },
    { name: 'C', value: 'd' },
  ])
  expect(parseFields(['A : b'])).toMatchObject({ kind: 'malformed' })
  for (const line of [' A: b', 'A b: c', ' : b', 'A\x0b: b'])
    expect(parseFields([line], 'space'), line).toMatchObject({ kind: 'malformed' })
})

test('a token is found in any case and any of the lines', () => {
  const list = fields('Connection: keep-alive, ,Upgrade', 'connection:close')
  expect(hasToken(list, 'connection', 'upgrade')).toBe(true)
  expect(hasToken(list, 'connection', 'CLOSE')).toBe(true)
  expect(hasToken(list, 'connection', 'keep')).toBe(false)
})

describe('endToEndFields', () => {
  test('removes what concerns one hop', () => {
    const hop = ['Keep-Alive: 5', 'Proxy-Connection: x', 'TE: trailers', 'Transfer-Encoding: chunked', 'Upgrade: h2c', 'HTTP2-Settings: x']
    const auth = ['Proxy-Authenticate: Basic', 'Proxy-Authorization: Basic x', 'Proxy-Authentication-Info: x']
    expect(endToEndFields(fields('Connection: close', ...hop, ...auth, 'Accept: */*'))).toEqual([{ name: 'Accept', value: '*/*' }])
  })

  test('removes what Connection names, in any case', () => {
    expect(endToEndFields(fields('Connection: X-Secret, close', 'x-secret: 1', 'b: 2'))).toEqual([{ name: 'b', value: '2' }])
  })

  test('keeps Host, Content-Length and Max-Forwards whoever names them', () => {
    const named = 'Connection: Host, Content-Length, Max-Forwards'
    expect(endToEndFields(fields(named, 'Host: a', 'Content-Length: 5', 'Max-Forwards: 1'))).toHaveLength(3)
  })

  test('removes from trailers what the Connection of their head names', () => {
    expect(endToEndFields(fields('X-Hop: 1', 'Digest: 2'), fields('Connection: x-hop'))).toEqual([{ name: 'Digest', value: '2' }])
  })

  test('keeps Trailer: the trailers are passed on as well', () => {
    expect(endToEndFields(fields('Trailer: Digest'))).toHaveLength(1)
  })
})

test('a field that would split the message is never written', () => {
  expect(serializeFields([{ name: 'a', value: 'b' }])).toBe('a: b\r\n')
  expect(() => serializeFields([{ name: 'a', value: 'b\r\nc: d' }])).toThrow('not a field')
  expect(() => serializeFields([{ name: 'a b', value: 'c' }])).toThrow('not a field')
})
