/** Whether the settings that a running proxy read at its start are still those of their file; by what they say, not by its time. */
import { isDeepStrictEqual } from 'node:util'
import { loadSettings, type SettingsOverrides } from './load.ts'
import type { Settings } from './settings.ts'

/** What to tell of settings that are not those of the start any more; `null`: they are the same. Never throws. */
export function settingsChange(atStart: Settings, overrides: SettingsOverrides): string | null {
  try {
    if (isDeepStrictEqual(loadSettings(overrides), atStart)) return null
    return 'settings have changed since start: restart to apply them'
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return `settings have changed since start, and no restart would take them: ${why}`
  }
}
