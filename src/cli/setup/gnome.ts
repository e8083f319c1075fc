/** GNOME's own settings, which its programs, Chromium and Firefox (unless told otherwise) go by. */
import { comment, directHosts, refuseTls, type Target } from './target.ts'

export const gnome: Target = {
  says: 'GNOME’s network settings, by gsettings',
  file: 'a shell of the person who is logged in',
  tried: true,
  text: (parameters) => {
    refuseTls(parameters, 'GNOME')
    const { door } = parameters
    const host = door.host.includes(':') ? `[${door.host}]` : door.host
    const set = (schema: string, key: string, value: string) => `gsettings set org.gnome.system.proxy${schema} ${key} "${value}"\n`
    const servers = ['.http', '.https'].map((schema) => set(schema, 'host', `'${host}'`) + set(schema, 'port', String(door.port)))
    return `${comment('#', [
      'In a shell of the person who is logged in; for everybody, the same keys in a dconf profile, locked.',
      ...(door.login ? ['Each program asks for the name and the password itself.'] : []),
    ])}
${servers.join('')}${set('', 'ignore-hosts', `[${ignored(directHosts(parameters))}]`)}${set('', 'mode', "'manual'")}`
  },
}

/** GNOME writes `*.internal` for what others write `.internal`. */
const ignored = (hosts: readonly string[]): string => hosts.map((host) => `'${host.replace(/^\./, '*.')}'`).join(', ')
