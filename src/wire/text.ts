/** Bytes ↔ text. Protocol text is ISO 8859-1, one character a byte, so that what was read can be written back unchanged. */

/** Text with one character for each byte. `TextDecoder('latin1')` is windows-1252 and would change 0x80–0x9f. */
export const latin1 = (bytes: Uint8Array): string => viewOf(bytes).toString('latin1')

/** The bytes of such text. */
export const latin1Bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Strict UTF-8, or `null`. A byte order mark is a character like others: nothing is dropped unseen. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** The same memory as a `Buffer`, whose searches run at the speed of memchr. */
export const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
