import { expect, test } from 'vitest'
import { ReadSpace } from '../../src/pipeline/read-space.ts'

function reading({ more = true, passesOn = true } = {}) {
  const taken: Uint8Array[] = []
  const space = new ReadSpace({
    take(chunk) {
      taken.push(chunk)
      return more
    },
    passesOn,
    moved: () => undefined,
  })
  /** The size of the next buffer. */
  const read = (bytes: number) => {
    const buffer = space.buffer()
    space.callback(Math.min(bytes, buffer.length), buffer)
    return space.buffer().length
  }
  return { space, taken, read, small: space.buffer().length }
}

test('the buffer grows under load and is given back when a read is small again, or the connection closes', () => {
  const { space, read, small } = reading()
  expect(read(100)).toBe(small)
  const large = read(small)
  expect(large).toBeGreaterThan(small)
  expect(read(small)).toBe(large)
  expect(read(100)).toBe(small)
  expect(read(small)).toBe(large)
  const lent = space.buffer()
  space.closed()
  const another = reading()
  another.read(small)
  expect(another.space.buffer()).toBe(lent)
  another.space.closed()
})

test('a buffer is not given back while its bytes are needed, even when the connection closes', () => {
  const { space, read, small } = reading({ more: false })
  read(small)
  const lent = space.buffer()
  read(100)
  expect(space.buffer()).toBe(lent)
  space.closed()
  const another = reading()
  another.read(small)
  expect(another.space.buffer()).not.toBe(lent)
  space.resumed()
  const third = reading()
  third.read(small)
  expect(third.space.buffer()).toBe(lent)
  another.space.closed()
  third.space.closed()
})

test('bytes that were kept as a copy need no buffer', () => {
  const { read, small } = reading({ more: false, passesOn: false })
  read(small)
  expect(read(100)).toBe(small)
})

test('what was read into the buffer that all share is a copy', () => {
  const { space, taken } = reading()
  const buffer = space.buffer()
  buffer.set([1, 2])
  space.callback(2, buffer)
  buffer.set([3, 4])
  expect(taken).toEqual([Buffer.from([1, 2])])
})

test('whoever hands its connection over leaves its buffer, once the handle reads elsewhere', () => {
  const moves: { next: number; isSpare: boolean }[] = []
  const space: ReadSpace = new ReadSpace({
    take: () => true,
    passesOn: false,
    moved() {
      const other = reading()
      other.read(other.small)
      moves.push({ next: space.buffer().length, isSpare: other.space.buffer() === lent })
      other.space.closed()
    },
  })
  const small = space.buffer().length
  space.callback(small, space.buffer())
  const lent = space.buffer()
  space.handedOver()
  expect(moves).toEqual([{ next: small, isSpare: false }])
  const { space: next, read } = reading()
  read(small)
  expect(next.buffer()).toBe(lent)
  next.closed()
})

test('who has read lately, or whose bytes are needed, keeps its buffer when asked', () => {
  const { space, read, small } = reading()
  const large = read(small)
  space.giveBackIfResting()
  expect(space.buffer().length).toBe(large)
  read(large)
  space.giveBackIfResting()
  expect(space.buffer().length).toBe(large)
  space.giveBackIfResting()
  expect(space.buffer().length).toBe(small)
  const stuck = reading({ more: false })
  stuck.read(small)
  stuck.read(large)
  for (let i = 0; i < 3; i++) stuck.space.giveBackIfResting()
  expect(stuck.space.buffer().length).toBe(large)
  stuck.space.resumed()
  stuck.space.giveBackIfResting()
  expect(stuck.space.buffer().length).toBe(small)
})
