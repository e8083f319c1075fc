/**
 * A compiled table as one piece of bytes, for the cache and for the way from one thread to another. Layout, little-endian:
 * magic and version (8 bytes), length of the head (4), length of all (4), head (JSON, padded with spaces to a multiple
 * of 4), the typed arrays in the order of `arrays`, SHA-256 over all that stands before it (32 bytes). Decoding makes
 * views and copies nothing.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Lanes, Ranges } from './ranges.ts'
import type { TableData } from './table-data.ts'

/** Changes whenever what is compiled or how it is laid out changes: tables of another version are built anew. */
const MAGIC = Buffer.from('RFTABLE3', 'latin1')
const FIXED = 16
const DIGEST = 32

const arrays = ['v4Starts', 'v4Values', 'v6Starts', 'v6Values', 'evidenceOf', 'networkOf', 'evidence'] as const

const lengths = z.record(z.enum(arrays), z.number().int().nonnegative())

/** Encodes a table with the key that names its inputs. */
export function encodeTable(data: TableData, key: string): Uint8Array<ArrayBuffer> {
  const { v4, v6, evidenceOf, networkOf, evidence, sources, asns, names, warnings } = data
  const parts = { v4Starts: v4.starts, v4Values: v4.values, v6Starts: v6.starts, v6Values: v6.values, evidenceOf, networkOf, evidence }
  const words = Object.fromEntries(arrays.map((name) => [name, parts[name].length]))
  const text = JSON.stringify({ key, sources, asns, names, warnings, words })
  const head = Buffer.from(text)
  const headLength = (head.length + 3) & ~3
  const length = FIXED + headLength + arrays.reduce((sum, name) => sum + parts[name].byteLength, 0) + DIGEST
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(8, headLength, true)
  view.setUint32(12, length, true)
  bytes.fill(0x20, FIXED, FIXED + headLength)
  bytes.set(head, FIXED)
  let at = FIXED + headLength
  for (const name of arrays) {
    const part = parts[name]
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  bytes.set(digestOf(bytes), length - DIGEST)
  return bytes
}

/** Decodes a table; throws an Error where the bytes are not a whole one of this version. */
export function decodeTable(bytes: Uint8Array<ArrayBuffer>): { readonly key: string; readonly data: TableData } {
  if (bytes.length < FIXED + DIGEST || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw new Error('no table of this version')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(12, true) !== bytes.length) throw new Error('a table that was cut off')
  if (!digestOf(bytes).equals(bytes.subarray(bytes.length - DIGEST))) throw new Error('a damaged table')
  // What the digest covers was written by `encodeTable`: its shape needs no second check.
  const headLength = view.getUint32(8, true)
  const head: Head = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + FIXED, headLength).toString())
  const words = lengths.parse(head.words)
  let at = bytes.byteOffset + FIXED + headLength
  const next = (name: (typeof arrays)[number]): Uint32Array => {
    const array = new Uint32Array(bytes.buffer, at, words[name])
    at += array.byteLength
    return array
  }
  const ranges = (lanes: Lanes, starts: Uint32Array, values: Uint32Array): Ranges => ({ lanes, starts, values })
  const v4 = ranges(1, next('v4Starts'), next('v4Values'))
  const v6 = ranges(4, next('v6Starts'), next('v6Values'))
  const { key, sources, asns, names, warnings } = head
  return {
    key,
    data: {
      sources,
      asns,
      names,
      v4,
      v6,
      evidenceOf: next('evidenceOf'),
      networkOf: next('networkOf'),
      evidence: next('evidence'),
      warnings,
    },
  }
}

interface Head extends Pick<TableData, 'sources' | 'asns' | 'names' | 'warnings'> {
  readonly key: string
  readonly words: unknown
}

const digestOf = (bytes: Uint8Array): Buffer =>
  createHash('sha256')
    .update(bytes.subarray(0, bytes.length - DIGEST))
    .digest()
