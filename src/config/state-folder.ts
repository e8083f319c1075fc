/** Where Ringfence keeps what it writes when nobody says otherwise. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

const SERVICE_FOLDER = '/var/lib/ringfence'

/**
 * The folder for records and other state: as a systemd service its StateDirectory; else `ringfence` in the user's state
 * folder (XDG Base Directory Specification; on Windows %LOCALAPPDATA%). Root, who looks after the service, sees the
 * service's folder where there is one.
 */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const [service = ''] = (env.STATE_DIRECTORY ?? '').split(':') // systemd.exec(5): several are joined with colons
  if (isAbsolute(service)) return service
  const { XDG_STATE_HOME: xdg = '', LOCALAPPDATA: local = '' } = env
  if (isAbsolute(xdg)) return join(xdg, 'ringfence')
  if (process.platform === 'win32' && isAbsolute(local)) return join(local, 'ringfence')
  if (process.getuid?.() === 0 && existsSync(SERVICE_FOLDER)) return SERVICE_FOLDER
  return join(env.HOME ?? homedir(), '.local', 'state', 'ringfence')
}
