/** What the `bench` function of every `*.bench.ts` in this folder resolves to. */
export interface BenchTable {
  readonly title: string
  /** What was measured, our figure, the other's, ours by the other's, and the unit of both figures. */
  readonly rows: readonly (readonly [name: string, ours: number, peer: number, ratio: number, unit: string])[]
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** What payloads are filled with: no text and no TLS, so that whoever looks for a server's name sees at once that there is none. */
export const BINARY = Buffer.from([0x00, 0xf1, 0x02, 0xf3])
