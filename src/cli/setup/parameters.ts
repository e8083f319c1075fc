/** What the texts of `ringfence setup` are made of, from the settings and its flags. Throws OperatorError where a text could not be true. */
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../config/settings.ts'
import { formatEndpoint } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { hostText, parseHostPort, printable } from '../../model/hostname.ts'
import { type ReachableDoor, reachableDoors } from '../../web/reachable.ts'
import type { Parameters } from './target.ts'

export interface SetupOptions {
  readonly proxyHost?: string
  readonly uid?: string
  readonly dnsUid?: string
  readonly directFallback?: true
  readonly localDirect?: true
}

const DEFAULT_USER = 'ringfence'

export function parametersOf(settings: Settings, options: SetupOptions, command: string): Parameters {
  const doors = doorsOf(settings)
  const door = options.proxyHost === undefined ? doors[0] : doorAt(options.proxyHost, doors)
  if (door === undefined) throw new Error('settings have at least one door')
  const { listen, pac } = settings.web
  return {
    door,
    elsewhere: options.proxyHost !== undefined,
    pac: {
      doors: options.proxyHost === undefined ? doors : [door],
      pac: {
        directFallback: pac.directFallback || options.directFallback === true,
        localDirect: pac.localDirect || options.localDirect === true,
      },
      localNames: settings.resolver.localNames,
    },
    pacUrl: listen === null || listen.port === 0 || options.proxyHost !== undefined ? null : `http://${formatEndpoint(listen)}/proxy.pac`,
    user: userOf(options.uid ?? DEFAULT_USER, '--uid'),
    dnsUser: options.dnsUid === undefined ? null : userOf(options.dnsUid, '--dns-uid'),
    config: settings.file,
    program: [process.execPath, fileURLToPath(new URL('../../main.js', import.meta.url))],
    command,
  }
}

type Door = Parameters['door']

/** Those of the settings, as this machine reaches them. */
export function doorsOf({ inbounds }: Settings): readonly Door[] {
  for (const [i, { listen }] of inbounds.entries()) {
    if (listen.port === 0)
      throw new OperatorError(`inbounds[${i}].listen: port 0 takes another port at each start, so that nobody can be told which; write one`)
  }
  return reachableDoors(inbounds.map(({ listen, login, tls }) => ({ bound: listen, login, tls }))).map(withParts)
}

/** The first door, at the address by which other machines reach it. */
export function doorAt(written: string, doors: readonly Door[]): Door {
  const [first] = doors
  const parsed = parseHostPort(written, first?.port ?? 8080)
  if ('problem' in parsed) throw new OperatorError(`--proxy-host: ${parsed.problem}`)
  const host = hostText(parsed.host)
  return {
    at: formatEndpoint({ host, port: parsed.port }),
    login: first?.login ?? false,
    secure: first?.secure ?? false,
    host,
    port: parsed.port,
  }
}

function withParts(door: ReachableDoor): Door {
  const parsed = parseHostPort(door.at, null)
  if ('problem' in parsed) throw new Error(`a door at ${door.at}: ${parsed.problem}`)
  return { ...door, host: hostText(parsed.host), port: parsed.port }
}

/** useradd(8): what a name may be, so that nothing else of a text can be written by it. */
function userOf(text: string, flag: string): string {
  if (/^([a-z_][a-z0-9_-]{0,31}|[0-9]{1,10})$/.test(text)) return text
  throw new OperatorError(`${flag}: "${printable(text)}" is neither the name of a user (small letters, digits, - and _) nor a number`)
}
