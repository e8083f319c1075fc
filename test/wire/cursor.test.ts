import { expect, test } from 'vitest'
import { Cursor } from '../../src/wire/cursor.ts'
import { hex } from './support.ts'

test('numbers are big-endian', () => {
  const cursor = new Cursor(hex('01 0203'))
  expect([cursor.u8(), cursor.u16(), cursor.left, cursor.short]).toEqual([1, 0x0203, 0, false])
})

test('a read past the end yields nothing and is remembered', () => {
  const cursor = new Cursor(hex('01'))
  expect(cursor.take(2)).toHaveLength(0)
  expect(cursor.u8()).toBe(1)
  expect(cursor.short).toBe(true)
})

test('a text ends at its zero byte, which is skipped', () => {
  const cursor = new Cursor(hex('6162 00 63'))
  expect(cursor.takeToNul()).toEqual(hex('6162'))
  expect(cursor.offset).toBe(3)
  expect(cursor.takeToNul()).toHaveLength(0)
  expect(cursor.short).toBe(true)
})
