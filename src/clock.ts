/** The machine's clock: the only place that asks what time it is. Everything else is handed a `Clock`. */
import type { Clock } from './pipeline/ports.ts'

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
