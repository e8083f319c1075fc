/** What the texts of `ringfence setup` are made of, from the settings and its flags. Throws OperatorError where a text could not be true. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../config/settings.ts'
import { formatEndpoint } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { hostText, parseHostPort, printable } from '../../model/hostname.ts'
import { type ReachableDoor, reachableDoors } from '../../web/reachable.ts'
import { doorAt } from './door.ts'
import type { Parameters } from './target.ts'

export interface SetupOptions {
  readonly proxyHost?: string
  /** The name of the door that is there, where the address does not say. */
  readonly door?: string
  readonly uid?: string
  readonly dnsUid?: string
  readonly directFallback?: true
  readonly localDirect?: true
}

const DEFAULT_USER = 'ringfence'

export function parametersOf(settings: Settings, options: SetupOptions, command: string): Parameters {
  const doors = doorsOf(settings)
  const door = options.proxyHost === undefined ? doors[0] : doorAt(options.proxyHost, options.door, settings.inbounds)
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
    config: settings.file === null ? null : resolve(settings.file),
    ports: [...settings.inbounds.map((inbound) => inbound.listen.port), ...(listen === null ? [] : [listen.port])],
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
  return reachableDoors(inbounds.map((inbound) => ({ ...inbound, bound: inbound.listen }))).map(withParts)
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
