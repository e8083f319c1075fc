/** Ends a long-running command as people and service managers ask for it: once politely, twice at once. */

const names = ['SIGINT', 'SIGTERM'] as const

/**
 * A Ctrl-C in a terminal goes to the whole group, and npm hands its own on as well: what comes within this time is the
 * same wish, said twice.
 */
const SAME_WISH_MS = 500

/** Resolves when `stop` has, after the first signal; a second one ends the process at once. */
export function stopOnSignals(stop: (signal: NodeJS.Signals) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let firstAt: number | null = null
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstAt !== null && performance.now() - firstAt > SAME_WISH_MS) process.exit(0)
      if (firstAt !== null) return
      firstAt = performance.now()
      stop(signal)
        .finally(() => {
          for (const name of names) process.off(name, onSignal)
        })
        .then(resolve, reject)
    }
    for (const name of names) process.on(name, onSignal)
  })
}
