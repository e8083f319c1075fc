import { expect, test } from 'vitest'
import { type Words, walkTree } from '../../src/geoip/mmdb-tree.ts'

/** A tree of 24-bit records over IPv4; records from 3 nodes and up are data. */
function tree(...records: readonly (readonly [number, number])[]) {
  const bytes = Buffer.alloc(records.length * 6)
  for (const [i, [left, right]] of records.entries()) {
    bytes.writeUIntBE(left, i * 6, 3)
    bytes.writeUIntBE(right, i * 6 + 3, 3)
  }
  return { bytes, nodeCount: records.length, recordSize: 24, ipVersion: 4 }
}

test('leaves come out in the order of addresses, empty ones as 0', () => {
  const { v4, v6 } = walkTree(tree([1, 19], [20, 2]), (pointer) => pointer)
  expect(v4).toEqual({ lanes: 1, starts: Uint32Array.of(0, 0x4000_0000, 0x8000_0000), values: Uint32Array.of(20, 0, 19) })
  expect(v6.values).toEqual(Uint32Array.of(0))
})

test('a data record is asked for once, at an address that has it', () => {
  const asked: [number, Words][] = []
  walkTree(tree([1, 19], [19, 20]), (pointer, at) => {
    asked.push([pointer, at])
    return 1
  })
  expect(asked).toEqual([
    [19, [0, 0, 0, 0]],
    [20, [0x4000_0000, 0, 0, 0]],
  ])
})

test('28-bit records share the byte in the middle', () => {
  const bytes = Buffer.from('00002a12000001', 'hex')
  const { v4 } = walkTree({ bytes, nodeCount: 1, recordSize: 28, ipVersion: 4 }, (pointer) => pointer)
  expect([...v4.values]).toEqual([0x100002a, 0x2000001])
})

test('32-bit records may have the high bit', () => {
  const bytes = Buffer.from('fffffff000000001', 'hex')
  const { v4 } = walkTree({ bytes, nodeCount: 1, recordSize: 32, ipVersion: 4 }, (pointer) => pointer % 1000)
  expect([...v4.values]).toEqual([0xfffffff0 % 1000, 0])
})

test('a node that is its own child is a cycle', () => {
  expect(() => walkTree(tree([0, 1]), () => 1)).toThrow(/cyclic/)
})

test('a node that two others point to is damage', () => {
  expect(() => walkTree(tree([1, 2], [2, 20], [19, 20]), () => 1)).toThrow('node 2 is reached twice')
})

test('a node that nothing points to is damage', () => {
  expect(() => walkTree(tree([19, 20], [19, 20]), () => 1)).toThrow('1 of its 2 nodes are never reached')
})

test('a chain deeper than an address is refused', () => {
  const chain = Array.from({ length: 40 }, (_, i) => [i + 1, 40] as const)
  expect(() => walkTree(tree(...chain), () => 1)).toThrow('deeper than 32 bits')
})
