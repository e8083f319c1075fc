/** Tells that something may have changed in a folder: at once where the system says so, and anyhow twice a second. */
import { type FSWatcher, watch } from 'node:fs'

const POLL_MS = 500

export class FolderWatch {
  readonly #watcher: FSWatcher | null
  #changed = false
  #wake: () => void = () => {}

  constructor(folder: string) {
    this.#watcher = startWatching(folder, () => {
      this.#changed = true
      this.#wake()
    })
  }

  /** Resolves when something changed since the last call, half a second is over, or the signal fires. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#changed && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        this.#wake = done
        signal?.addEventListener('abort', done, { once: true })
      }).finally(() => signal?.removeEventListener('abort', this.#wake))
    }
    this.#changed = false
  }

  stop(): void {
    this.#watcher?.close()
  }
}

/** `null` where the system can't (no inotify watches left, network file systems): polling alone is slower, not wrong. */
function startWatching(folder: string, onChange: () => void): FSWatcher | null {
  try {
    return watch(folder, onChange).on('error', () => {})
  } catch {
    return null
  }
}
