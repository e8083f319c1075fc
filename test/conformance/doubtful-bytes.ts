/** What smugglers do to bytes, for the grammars of requests and of answers. */
import fc from 'fast-check'

/** One of these. */
export const line = (...choices: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...choices)

/** Content that looks like framing, or like another message. */
export const contentAround = (smuggled: string): fc.Arbitrary<string> =>
  fc.constantFrom('', 'abc', 'a\r\n\r\nb', '0\r\n\r\n', `0\r\n\r\n${smuggled}`, smuggled)

/** Field lines and the body that they frame; by neither length nor chunks in the first. */
export function framed(content: fc.Arbitrary<string>, unframed: fc.Arbitrary<string> = fc.constant('')): fc.Arbitrary<Framed> {
  const chunk = (data: string) => `${data.length.toString(16)}\r\n${data}\r\n`
  return fc.oneof(
    unframed.map((body) => ({ fields: [], body })),
    content.map((body) => ({ fields: [`Content-Length: ${body.length}`], body })),
    fc
      .array(
        content.filter((data) => data !== ''),
        { maxLength: 2 },
      )
      .map((parts) => ({ fields: ['Transfer-Encoding: chunked'], body: `${parts.map(chunk).join('')}0\r\n\r\n` })),
  )
}

export interface Framed {
  readonly fields: readonly string[]
  readonly body: string
}

/** Fields that say, or seem to say, where a body ends. */
export const doubtfulFraming: fc.Arbitrary<string> = fc.oneof(
  line('0', '3', '+3', ' 3', '003', '3,3', '3, 4', '-1', '0x3', '3 ', '3;', '99', '3\t', '').map((length) => `Content-Length: ${length}`),
  line(
    'chunked',
    'Chunked',
    ' chunked',
    'chunked ',
    '\tchunked',
    '\x0bchunked',
    'xchunked',
    'chunked, identity',
    'identity',
    'identity, chunked',
    'cow',
    'chunked, chunked',
    '"chunked"',
    "'chunked'",
    'chunked;a=b',
    'chunked,',
    ',chunked',
    '',
    'gzip, chunked',
    'chunked\x00',
    '\u00a0chunked',
  ).map((coding) => `Transfer-Encoding: ${coding}`),
  line(
    'Transfer-Encoding : chunked',
    'Transfer-Encoding\t: chunked',
    ' Transfer-Encoding: chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer_Encoding: chunked',
    'X: y\r\n Transfer-Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X\0: y',
    'Content-Length : 3',
    'Content_Length: 3',
    'Content-Length\0: 3',
    'transfer-encoding:chunked',
    'CONTENT-LENGTH:3',
    'Content-Length:\t3',
  ),
)

/** Makes the first chunk, or what stands behind the last one, another. */
export const doubtfulChunks: fc.Arbitrary<(body: string) => string> = fc.oneof(
  line(
    '0',
    '3',
    '5',
    '03',
    'ffff',
    '0x3',
    '3 ',
    ' 3',
    '+3',
    '-3',
    '3;a=b',
    '3;a\n',
    '3\t;a',
    'g',
    '',
    '3\r',
    '00000000000000000003',
    'fffffffffffffffff',
  ).map((size) => (body: string) => body.replace(/^[0-9a-f]+(?=\r\n)/, size)),
  line(
    '0\r\nX: y\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\n\n',
    '0\r\n\n',
    '0;x\r\n\r\n',
    '0\r\n',
    '0\r\nX : y\r\n\r\n',
    '',
    '0\r\n x\r\n\r\n',
  ).map((last) => (body: string) => body.replace(/0\r\n\r\n$/, last)),
)

const byte = fc.constantFrom('\r', '\n', '\0', ' ', '\t', ':', ';', ',', '\x0b', '\x85', '\xa0', '\r\n', '0', 'a')
/** Now and then a byte that is missing, too many or another, a bare LF, or an end. */
export const spoilt: fc.Arbitrary<(text: string) => string> = fc.oneof(
  { arbitrary: fc.constant((text: string) => text), weight: 10 },
  fc.record({ at: fc.nat(), byte }).map(
    ({ at, byte: put }) =>
      (text: string) =>
        spliced(text, at, 0, put),
  ),
  fc.nat().map((at) => (text: string) => spliced(text, at, 1, '')),
  fc.record({ at: fc.nat(), byte }).map(
    ({ at, byte: put }) =>
      (text: string) =>
        spliced(text, at, 1, put),
  ),
  fc.nat(30).map((nth) => (text: string) => {
    let count = 0
    return text.replace(/\r\n/g, (end) => (count++ === nth ? '\n' : end))
  }),
  fc.nat().map((at) => (text: string) => text.slice(0, at % (text.length + 1))),
)

function spliced(text: string, at: number, remove: number, put: string): string {
  const place = at % (text.length + 1)
  return text.slice(0, place) + put + text.slice(place + remove)
}
