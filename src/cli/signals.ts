/** Ends a long-running command as people and service managers ask for it: politely, then in a hurry, then at once. */

const names = ['SIGINT', 'SIGTERM'] as const

/**
 * A Ctrl-C in a terminal goes to the whole group, and npm hands its own on as well: what comes within this time is the
 * same wish, said twice.
 */
const SAME_WISH_MS = 150

type Step = (signal: NodeJS.Signals) => Promise<void>

/**
 * The first signal calls `stop`, a second one `hurry`; both resolve when all is done. A third ends the process at once,
 * whatever is still unwritten.
 */
export function stopOnSignals(stop: Step, hurry: Step): Promise<void> {
  return new Promise((resolve, reject) => {
    const steps = [stop, hurry]
    let lastAt = Number.NEGATIVE_INFINITY
    const finish = () => {
      for (const name of names) process.off(name, onSignal)
    }
    const onSignal = (signal: NodeJS.Signals) => {
      if (performance.now() - lastAt < SAME_WISH_MS) return
      lastAt = performance.now()
      const step = steps.shift()
      if (step === undefined) process.exit(0)
      step(signal).finally(finish).then(resolve, reject)
    }
    for (const name of names) process.on(name, onSignal)
  })
}
