/** One line on a terminal that tells how far a long piece of work is; nothing where no person looks. */
import { formatBytes } from './output.ts'

export interface ProgressLine {
  /** Replaces what the line says. */
  bytes(label: string, bytes: number, total: number | null): void
  /** Takes the line away, before something else is printed. */
  clear(): void
}

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>

/** Redrawn at most so often: a terminal is slower than a network. */
const REDRAW_MS = 100

export function progressLine(terminal: Terminal, monotonic: () => number): ProgressLine {
  if (terminal.isTTY !== true) return { bytes: () => undefined, clear: () => undefined }
  let drawnAt = Number.NEGATIVE_INFINITY
  let shown = false
  return {
    bytes(label, bytes, total) {
      if (monotonic() - drawnAt < REDRAW_MS && bytes !== total) return
      drawnAt = monotonic()
      shown = true
      const share = total === null || total === 0 ? '' : ` of ${formatBytes(total)} (${Math.floor((100 * bytes) / total)} %)`
      terminal.write(`\r\u001b[K${`${label}: ${formatBytes(bytes)}${share}`.slice(0, (terminal.columns ?? 80) - 1)}`)
    },
    clear() {
      if (shown) terminal.write('\r\u001b[K')
      shown = false
    },
  }
}
