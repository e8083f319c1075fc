/** Where Ringfence keeps what it can make again: compiled location tables. */
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * As a systemd service its CacheDirectory; else `ringfence` in the user's cache folder (XDG Base Directory
 * Specification; on Windows %LOCALAPPDATA%).
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const [service = ''] = (env.CACHE_DIRECTORY ?? '').split(':') // systemd.exec(5): several are joined with colons
  if (isAbsolute(service)) return service
  const { XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local = '' } = env
  if (isAbsolute(xdg)) return join(xdg, 'ringfence')
  if (process.platform === 'win32' && isAbsolute(local)) return join(local, 'ringfence', 'cache')
  return join(env.HOME ?? homedir(), '.cache', 'ringfence')
}
