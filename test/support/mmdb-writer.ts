/**
 * Writes small MaxMind DB files (format 2.0) for tests: any record shape, record size and IP version, and the IPv4
 * aliases that MaxMind's own files have. It writes what it is told, so it can make files that no vendor would.
 */
import { ipToBytes } from '../../src/model/address.ts'
import { cidr } from '../../src/model/cidr.ts'

/** What a record may hold here; numbers are written as uint32. */
export type Data = string | number | readonly Data[] | { readonly [key: string]: Data }

/** What a file shall hold. */
export interface MmdbFile {
  /** Networks and their records; a later one overwrites what it covers. */
  readonly networks: readonly (readonly [network: string, record: Data])[]
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
  readonly type?: string
  /** Day of the build. */
  readonly built?: string
  /** Hangs the IPv4 tree below ::ffff:0:0/96, 2001::/32 and 2002::/16 too. */
  readonly aliases?: boolean
}

type Slot = Node | { readonly data: Data } | null
interface Node {
  left: Slot
  right: Slot
}

const isNode = (slot: Slot): slot is Node => slot !== null && 'left' in slot

/** The bytes of a database file. */
export function mmdb({
  networks,
  ipVersion = 6,
  recordSize = 24,
  type = 'Test-Country',
  built = '2026-06-01',
  aliases = false,
}: MmdbFile): Buffer {
  const root: Node = { left: null, right: null }
  for (const [network, record] of networks) {
    const { ip, bits, family } = cidr(network)
    const bytes = ipToBytes(ip)
    const shift = ipVersion === 6 && family === 4 ? 96 : 0
    put(root, [...new Array<number>(shift).fill(0), ...bitsOf(bytes, bits)], { data: record })
  }
  if (aliases) for (const network of ['2001::/32', '2002::/16']) hangV4(root, bitsOf(ipToBytes(cidr(network).ip), cidr(network).bits))
  if (aliases) hangV4(root, [...new Array<number>(80).fill(0), ...new Array<number>(16).fill(1)])
  return encode(root, { ipVersion, recordSize, type, built })
}

/** The bytes of a file whose tree is given as raw records: pairs of left and right. */
export function rawTree(records: readonly (readonly [number, number])[], data: Data, ipVersion: 4 | 6 = 4): Buffer {
  const tree = Buffer.concat(records.map((pair) => nodeBytes(pair, 24)))
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    encodeData(data),
    metadata(records.length, { ipVersion, recordSize: 24, type: 'Test-Country', built: '2026-06-01' }),
  ])
}

const bitsOf = (bytes: Uint8Array, length: number): number[] =>
  Array.from({ length }, (_, i) => ((bytes[i >> 3] ?? 0) >> (7 - (i & 7))) & 1)

function put(root: Node, path: readonly number[], slot: Slot): void {
  if (path.length === 0) {
    root.left = slot
    root.right = slot
    return
  }
  let node = root
  for (const [depth, bit] of path.entries()) {
    const side = bit === 1 ? 'right' : 'left'
    if (depth === path.length - 1) {
      node[side] = slot
      return
    }
    const below = node[side]
    // A wider network that is there already keeps the rest of its space.
    const next = isNode(below) ? below : { left: below, right: below }
    node[side] = next
    node = next
  }
}

function hangV4(root: Node, path: readonly number[]): void {
  let v4: Slot = root
  for (let i = 0; i < 96 && isNode(v4); i++) v4 = v4.left
  put(root, path, v4)
}

interface Shape {
  readonly ipVersion: 4 | 6
  readonly recordSize: 24 | 28 | 32
  readonly type: string
  readonly built: string
}

function encode(root: Node, shape: Shape): Buffer {
  const numbers = new Map<Node, number>([[root, 0]])
  for (const node of numbers.keys()) {
    for (const slot of [node.left, node.right]) if (isNode(slot) && !numbers.has(slot)) numbers.set(slot, numbers.size)
  }
  const offsets = new Map<string, number>()
  const chunks: Buffer[] = []
  let size = 0
  const record = (slot: Slot): number => {
    if (slot === null) return numbers.size
    if (isNode(slot)) return numbers.get(slot) ?? 0
    const key = JSON.stringify(slot.data)
    const known = offsets.get(key)
    const offset = known ?? size
    if (known === undefined) {
      const bytes = encodeData(slot.data)
      chunks.push(bytes)
      offsets.set(key, size)
      size += bytes.length
    }
    return numbers.size + 16 + offset
  }
  const nodes = [...numbers.keys()].map((node) => nodeBytes([record(node.left), record(node.right)], shape.recordSize))
  return Buffer.concat([...nodes, Buffer.alloc(16), ...chunks, metadata(numbers.size, shape)])
}

function nodeBytes([left, right]: readonly [number, number], recordSize: 24 | 28 | 32): Buffer {
  const bytes = Buffer.alloc(recordSize / 4)
  if (recordSize === 32) {
    bytes.writeUInt32BE(left, 0)
    bytes.writeUInt32BE(right, 4)
    return bytes
  }
  bytes.writeUIntBE(left & 0xff_ffff, 0, 3)
  bytes.writeUIntBE(right & 0xff_ffff, recordSize / 4 - 3, 3)
  if (recordSize === 28) bytes[3] = ((left >>> 24) << 4) | (right >>> 24)
  return bytes
}

function metadata(nodes: number, { ipVersion, recordSize, type, built }: Shape): Buffer {
  const fields = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Date.parse(built) / 1000,
    database_type: type,
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes,
    record_size: recordSize,
  }
  return Buffer.concat([Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), encodeData(fields)])
}

function encodeData(data: Data): Buffer {
  if (typeof data === 'string') return Buffer.concat([control(2, Buffer.byteLength(data)), Buffer.from(data)])
  if (typeof data === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(data)
    return Buffer.concat([control(6, 4), bytes])
  }
  if (isList(data)) return Buffer.concat([control(11, data.length), ...data.map(encodeData)])
  const entries = Object.entries(data)
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, value]) => [encodeData(key), encodeData(value)])])
}

const isList = (data: Data): data is readonly Data[] => Array.isArray(data)

function control(type: number, size: number): Buffer {
  const head = type > 7 ? [0, type - 7] : [type << 5]
  if (size < 29) return Buffer.from([(head[0] ?? 0) | size, ...head.slice(1)])
  if (size < 285) return Buffer.from([(head[0] ?? 0) | 29, ...head.slice(1), size - 29])
  throw new RangeError('too long for a test file')
}
