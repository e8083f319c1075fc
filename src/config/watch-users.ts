/** Opens the users' file and looks at it each second while the proxy runs; the log is told of what came of it. */
import { existsSync } from 'node:fs'
import type { Logger } from 'pino'
import { OperatorError } from '../model/errors.ts'
import { LiveUsers } from './live-users.ts'
import type { Burst } from './login-failures.ts'
import type { Settings } from './settings.ts'

const LOOK_MS = 1_000

/** `null` where the settings name no file. Throws ConfigErrors with every fault of the file, OperatorError where it can't be read. */
export function openUsers(
  { users: file, inbounds, limits }: Pick<Settings, 'users' | 'inbounds' | 'limits'>,
  log: Pick<Logger, 'warn'>,
): LiveUsers | null {
  if (file === null) {
    // Settings from a file never say so; whatever else made these must not open a door by it.
    if (inbounds.some(({ login }) => login === 'required')) throw new Error('a door asks for a login, and there are no users')
    return null
  }
  if (!existsSync(file)) throw new OperatorError(`${file}: there is no such file ("ringfence users add NAME --users ${file}" makes it)`)
  const perMinute = limits.loginFailuresPerMinute
  const tell = ({ client, byName }: Burst) =>
    log.warn(
      { client },
      `logins from ${client} are refused unchecked for now, but for those of people who have logged in from there: ${perMinute} ${byName ? 'by one name' : 'of it'} failed within a minute`,
    )
  return new LiveUsers(file, { perMinute, tell })
}

/** Returns what ends the watch. */
export function watchUsers(users: LiveUsers | null, log: Pick<Logger, 'info' | 'error'>): () => void {
  if (users === null) return () => {}
  const told = {
    replaced: (count: number) => log.info(`users read anew: ${count}`),
    refused: (why: string) => log.error(`users not read anew: ${why}; those of before stay`),
  }
  const timer = setInterval(() => users.look(told), LOOK_MS).unref()
  return () => clearInterval(timer)
}
