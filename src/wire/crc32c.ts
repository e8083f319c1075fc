/** CRC-32C (Castagnoli), as iSCSI has it (RFC 3720 appendix B.4): the check sum of a PROXY header. */

/** Reflected: the least significant bit of a byte is the first. */
const POLYNOMIAL = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) * POLYNOMIAL)
  return sum
})

/** The sum over all parts, as if they were one. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let sum = 0xffffffff
  for (const part of parts) for (const byte of part) sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8)
  return ~sum >>> 0
}
