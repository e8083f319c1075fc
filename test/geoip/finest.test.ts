import { expect, test } from 'vitest'
import { finestOf } from '../../src/geoip/finest.ts'
import { source } from './made-up-sources.ts'

const space = (...ranges: readonly (readonly [from: number, to: number])[]) =>
  source(
    's',
    'voter',
    ranges.map(([from, to]) => ({ from, to, value: 1 })),
  )

const finestAt = (sources: readonly ReturnType<typeof space>[], number: number) => {
  const { starts, values } = finestOf(sources.map(({ v4 }) => v4))
  return values[starts.findLastIndex((start) => start <= number)]
}

test('the narrower range is the finer; of equal width the first; one without an answer never', () => {
  const sources = [space([0, 1 << 16]), space([256, 512], [1024, 1025]), space([256, 320], [4096, 8192])]
  expect(finestAt(sources, 5)).toBe(1)
  expect(finestAt(sources, 300)).toBe(3)
  expect(finestAt(sources, 400)).toBe(2)
  expect(finestAt(sources, 1024)).toBe(2)
  expect(finestAt(sources, 5000)).toBe(3)
  expect(finestAt([space([0, 64]), space([0, 64])], 9)).toBe(1)
})

test('IPv6 is measured over all its bits', () => {
  const { starts, values } = finestOf([space([0, 1 << 20]).v6, space([64, 128]).v6])
  const last = (number: number) => {
    let found = 0
    for (let i = 0; i < values.length; i++)
      if ((starts[i * 4] ?? 0) < 0x2a00_0000 || ((starts[i * 4] ?? 0) === 0x2a00_0000 && (starts[i * 4 + 3] ?? 0) <= number)) found = i
    return values[found]
  }
  expect([last(5), last(100), last(200)]).toEqual([1, 2, 1])
})
