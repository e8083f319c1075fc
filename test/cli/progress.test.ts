import { expect, test } from 'vitest'
import { progressLine } from '../../src/cli/progress.ts'

function terminal(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, columns: 40, written, write: (text: string) => written.push(text) > 0 }
}

test('a terminal gets one line that is drawn over, at most ten times a second, and taken away at the end', () => {
  let now = 0
  const screen = terminal(true)
  const line = progressLine(screen, () => now)
  line.bytes('AWS', 500_000, 2_000_000)
  line.bytes('AWS', 600_000, 2_000_000)
  now = 150
  line.bytes('AWS', 1_000_000, 2_000_000)
  line.bytes('AWS', 2_000_000, 2_000_000)
  line.clear()
  line.clear()
  expect(screen.written).toEqual([
    '\r\u001b[KAWS: 500.0 kB of 2.0 MB (25 %)',
    '\r\u001b[KAWS: 1.0 MB of 2.0 MB (50 %)',
    '\r\u001b[KAWS: 2.0 MB of 2.0 MB (100 %)',
    '\r\u001b[K',
  ])
})

test('it never wraps, and does without a total', () => {
  const screen = terminal(true)
  progressLine(screen, () => 0).bytes('a source with a very long name indeed, longer than that', 12, null)
  expect(screen.written.join('').replace('\r\u001b[K', '').length).toBeLessThan(40)
  progressLine(screen, () => 0).bytes('short', 12, null)
  expect(screen.written.at(-1)).toBe('\r\u001b[Kshort: 12 B')
})

test('where no person looks, nothing is written', () => {
  const screen = terminal(false)
  const line = progressLine(screen, () => 0)
  line.bytes('AWS', 1, 2)
  line.clear()
  expect(screen.written).toEqual([])
})
