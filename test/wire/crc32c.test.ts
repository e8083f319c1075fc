import { expect, test } from 'vitest'
import { crc32c } from '../../src/wire/crc32c.ts'
import { ascii } from './support.ts'

// RFC 3720 appendix B.4, as numbers: there the bytes stand in the order of the wire.
test.each([
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['the digits', ascii('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(), 0],
])('%s have the sum of the standard', (_, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum)
})

test('parts have the sum of the whole', () => {
  expect(crc32c(ascii('1234'), ascii(''), ascii('56789'))).toBe(0xe3069283)
})
