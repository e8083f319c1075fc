import fc from 'fast-check'
import { expect } from 'vitest'
import { bodyDecoder, encodeChunk, encodeLastChunk } from '../../src/wire/http1-body.ts'
import type { Framing } from '../../src/wire/http1-framing.ts'
import { anyBytes, ascii, concat, property, split } from './support.ts'

const cuts = fc.array(fc.nat(), { maxLength: 20 })
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 10 })
const extension = fc.constantFrom('', ';a', ';a=b', ' ; a="b c"', '\t;x')
const framings = fc.constantFrom<Framing>({ kind: 'none' }, { kind: 'length', length: 20 }, { kind: 'chunked' }, { kind: 'until-close' })

/** Everything that a decoder says of pieces pushed one after the other, until it is done or refuses. */
function decode(framing: Framing, pieces: readonly Uint8Array[]) {
  const decoder = bodyDecoder(framing)
  const data: Uint8Array[] = []
  let consumed = 0
  for (const piece of pieces) {
    const pushed = decoder.push(piece)
    if (pushed.kind === 'malformed') return { kind: 'malformed', why: pushed.why }
    data.push(...pushed.data)
    consumed += pushed.consumed
    if (pushed.done) return { kind: 'done', data: concat(...data), consumed, trailers: pushed.trailers, end: decoder.end() }
  }
  return { kind: 'open', data: concat(...data), consumed, end: decoder.end() }
}

property('any chunking of any content, cut anywhere, is that content', chunks, extension, cuts, anyBytes, (contents, ext, at, rest) => {
  const written = contents.map((content) => concat(ascii(`${content.length.toString(16)}${ext}\r\n`), content, ascii('\r\n')))
  const body = concat(...written, encodeLastChunk([{ name: 'Digest', value: 'x' }]))
  expect(decode({ kind: 'chunked' }, split(concat(body, rest), at))).toEqual({
    kind: 'done',
    data: concat(...contents),
    consumed: body.length,
    trailers: [{ name: 'Digest', value: 'x' }],
    end: 'complete',
  })
})

property('what we encode we decode, and no strict prefix of it is complete', chunks, (contents) => {
  const body = concat(...contents.map(encodeChunk), encodeLastChunk())
  expect(decode({ kind: 'chunked' }, [body])).toMatchObject({ kind: 'done', data: concat(...contents), end: 'complete' })
  for (let end = 0; end < body.length; end++)
    expect(decode({ kind: 'chunked' }, [body.subarray(0, end)])).toMatchObject({ kind: 'open', end: 'truncated' })
})

property('any bytes mean the same however they are cut', framings, anyBytes, cuts, (framing, bytes, at) => {
  expect(decode(framing, split(bytes, at))).toEqual(decode(framing, [bytes]))
})

const nearlyChunked = fc.array(
  fc.constantFrom('0', '1', 'a', ' ', ';', '\r', '\n', '\r\n', '\r\n', '0\r\n\r\n', '1\r\nx\r\n', 'a: b\r\n'),
  { maxLength: 12 },
)

property('near misses of chunks mean the same however they are cut', nearlyChunked, cuts, (parts, at) => {
  const bytes = ascii(parts.join(''))
  expect(decode({ kind: 'chunked' }, split(bytes, at))).toEqual(decode({ kind: 'chunked' }, [bytes]))
})
