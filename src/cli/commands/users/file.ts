/** Which users' file a command is about: the one that was named, or that of the settings, or `users.yaml` of this folder. */
import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { loadSettings, readText } from '../../../config/load.ts'
import type { Settings } from '../../../config/settings.ts'
import { ConfigErrors, OperatorError } from '../../../model/errors.ts'

export interface FileOptions {
  readonly users?: string
  readonly config?: string
}

export interface UsersFile {
  readonly path: string
  /** `null`: there is none yet. */
  readonly text: string | null
  /** The line that the settings need, or `null` where they have it. */
  readonly missingLine: string | null
}

/** Throws ConfigErrors or OperatorError where the settings or the file can't be read. */
export function usersFile({ users: named, config }: FileOptions): UsersFile {
  const settings = named === undefined ? loadSettings({ config }) : settingsIfGood(config)
  const path = named ?? settings?.users ?? 'users.yaml'
  const isNamed = typeof settings?.users === 'string' && resolve(path) === settings.users
  const base = typeof settings?.file === 'string' ? dirname(settings.file) : '.'
  return {
    path,
    text: existsSync(path) ? readText(path) : null,
    missingLine: isNamed ? null : `users: ${relative(base, path)}`,
  }
}

/** Where the file is named, its settings are only asked whether they name it too. */
function settingsIfGood(config: string | undefined): Settings | null {
  try {
    return loadSettings({ config })
  } catch (error) {
    if (error instanceof ConfigErrors || error instanceof OperatorError) return null
    throw error
  }
}

/** Throws OperatorError where there is none. */
export function existing(options: FileOptions): UsersFile & { readonly text: string } {
  const { path, text, missingLine } = usersFile(options)
  if (text === null) throw new OperatorError(`${path}: there is no such file ("ringfence users add" makes it)`)
  return { path, text, missingLine }
}
