import { describe, expect, test } from 'vitest'
import { bodyDecoder, encodeChunk, encodeLastChunk } from '../../src/wire/http1-body.ts'
import { ascii, concat, toText } from './support.ts'

const chunked = () => bodyDecoder({ kind: 'chunked' })

describe('a body', () => {
  test('that is none is done before its first byte', () => {
    const decoder = bodyDecoder({ kind: 'none' })
    expect(decoder.push(ascii('next'))).toEqual({ kind: 'part', data: [], consumed: 0, done: true })
    expect(decoder.end()).toBe('complete')
  })

  test('of a length ends there and leaves the rest', () => {
    const decoder = bodyDecoder({ kind: 'length', length: 5 })
    expect(decoder.push(ascii('hel'))).toMatchObject({ consumed: 3, done: false })
    expect(decoder.end()).toBe('truncated')
    expect(decoder.push(ascii('lo!'))).toEqual({ kind: 'part', data: [ascii('lo')], consumed: 2, done: true })
    expect(decoder.end()).toBe('complete')
  })

  test('until close is complete whenever that comes', () => {
    const decoder = bodyDecoder({ kind: 'until-close' })
    expect(decoder.push(ascii('abc'))).toMatchObject({ consumed: 3, done: false })
    expect(decoder.end()).toBe('complete')
  })

  test('is not copied', () => {
    const bytes = ascii('5\r\nhello\r\n')
    const pushed = chunked().push(bytes)
    expect(pushed.kind === 'part' && pushed.data[0]?.buffer).toBe(bytes.buffer)
  })
})

describe('a chunked body', () => {
  test('with extensions and trailers', () => {
    const decoder = chunked()
    const pushed = decoder.push(ascii('5;a=b ; c="d"\r\nhello\r\n00A \t;x\r\n0123456789\r\n0\r\nDigest: x\r\n\r\nnext'))
    expect(pushed).toEqual({
      kind: 'part',
      data: [ascii('hello'), ascii('0123456789')],
      consumed: 59,
      done: true,
      trailers: [{ name: 'Digest', value: 'x' }],
    })
    expect(decoder.end()).toBe('complete')
  })

  test('that closes before its last chunk is truncated', () => {
    const decoder = chunked()
    decoder.push(ascii('5\r\nhello\r\n0\r\n'))
    expect(decoder.end()).toBe('truncated')
  })

  test.each([
    ['no size', '\r\n'],
    ['a size that is not hexadecimal', 'g\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n'],
    ['a signed size', '+5\r\nhello\r\n'],
    ['a space before the size', ' 5\r\nhello\r\n'],
    ['a space after the size', '5 \r\nhello\r\n'],
    ['an underscore', '1_0\r\n'],
    ['a size of 17 digits', '00000000000000005\r\nhello\r\n'],
    ['a size beyond 2^53', 'ffffffffffffffff\r\n'],
    ['a size that ends in LF', '5\nhello\r\n'],
    ['a size that ends in CR', '5\rhello\r\n'],
    ['an extension with a bare LF', '5;a\nhello\r\n'],
    ['too little data', '5\r\nhell\r\n0\r\n\r\n'],
    ['too much data', '5\r\nhello!\r\n'],
    ['a chunk that ends in LF', '5\r\nhello\n'],
    ['a trailer that is no field', '0\r\nnonsense\r\n\r\n'],
    ['a trailer that ends in LF', '0\r\na: b\n\r\n'],
  ])('with %s is malformed, and stays so', (_, text) => {
    const decoder = chunked()
    expect(decoder.push(ascii(text)).kind).toBe('malformed')
    expect(decoder.push(ascii('0\r\n\r\n')).kind).toBe('malformed')
    expect(decoder.end()).toBe('truncated')
  })

  test('with extensions that come with content may last as long as that', () => {
    const decoder = bodyDecoder({ kind: 'chunked' })
    const chunk = ascii(`3e8;signature=${'x'.repeat(900)}\r\n${'y'.repeat(1_000)}\r\n`)
    for (let i = 0; i < 100; i++) expect(decoder.push(chunk)).toMatchObject({ kind: 'part', consumed: chunk.length })
  })

  test('with endless extensions is malformed', () => {
    expect(chunked().push(ascii(`1;${'a'.repeat(20_000)}`)).kind).toBe('malformed')
    expect(chunked().push(ascii('1;aaaaaaaa\r\nx\r\n'.repeat(3_000))).kind).toBe('malformed')
  })

  test('of a megabyte that comes byte by byte is read in linear time', () => {
    const body = concat(encodeChunk(new Uint8Array(1_000_000)), encodeLastChunk())
    const decoder = chunked()
    let last: unknown
    for (let i = 0; i < body.length; i++) last = decoder.push(body.subarray(i, i + 1))
    expect(last).toMatchObject({ done: true })
  }, 5_000)
})

test('chunks are written with their size', () => {
  expect(toText(encodeChunk(ascii('0123456789')))).toBe('a\r\n0123456789\r\n')
  expect(toText(encodeLastChunk())).toBe('0\r\n\r\n')
  expect(toText(encodeLastChunk([{ name: 'a', value: 'b' }]))).toBe('0\r\na: b\r\n\r\n')
})

test('an empty chunk is not written: it would end the body', () => {
  expect(encodeChunk(new Uint8Array())).toHaveLength(0)
})
