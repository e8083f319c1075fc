/** Where the page listens, and what the PAC that it serves tells browsers: the `web` section of the settings. */
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { scopeOf } from '../model/scope.ts'
import type { Report } from '../policy/path.ts'
import type { SettingsDocument } from './document.ts'

export interface WebSettings {
  /** `null`: there is no page. */
  readonly listen: Endpoint<Ip> | null
  /** Whether the operator wrote the address: where it is only the default, a proxy whose page finds it taken goes on without. */
  readonly named: boolean
  readonly pac: PacSettings
}

export interface PacSettings {
  /** Whether browsers go direct where no door answers: round the fence. */
  readonly directFallback: boolean
  /** Whether they go direct to names of the local network. */
  readonly localDirect: boolean
}

export const DEFAULT_PAGE = '127.0.0.1:8081'

/** `parseListen` is how this file's loader reads an address and a port. */
export function compileWeb(
  { listen: written, pac }: SettingsDocument['web'],
  parseListen: (text: string) => Endpoint<Ip> | { readonly problem: string },
  report: Report,
): WebSettings {
  const rest = { named: written !== undefined, pac: { directFallback: pac.direct_fallback, localDirect: pac.local_direct } }
  if (written === 'off') return { listen: null, ...rest }
  const listen = parseListen(written ?? DEFAULT_PAGE)
  if ('problem' in listen) {
    report(['web', 'listen'], `${listen.problem}, or off`)
    return { listen: null, ...rest }
  }
  if (scopeOf(listen.host) !== 'loopback')
    report(
      ['web', 'listen'],
      `the page would be open to whoever reaches ${listen.host}: it has neither TLS nor a login yet, so that it must be on loopback (127.0.0.1:8081)`,
    )
  return { listen, ...rest }
}

/** Why the page can't be where the operator wrote it, as a door is there; `null` where it can. `doors`: those of the settings, in order. */
export function pageClash({ listen: page, named }: WebSettings, doors: readonly (Endpoint<Ip> | null)[]): string | null {
  if (page === null || !named || page.port === 0) return null
  const index = doorAt(page, doors)
  const door = doors[index] ?? null
  return door === null ? null : `inbounds[${index}] listens on ${formatEndpoint(door)} already`
}

/** The index of the door that leaves no room for the page, or -1. */
export const doorAt = (page: Endpoint<Ip>, doors: readonly (Endpoint<Ip> | null)[]): number =>
  doors.findIndex((door) => door !== null && door.port === page.port && overlaps(door.host, page.host))

/** A door on all addresses of a family holds the port on each of them; `::` takes IPv6 only, as every door does. */
const overlaps = (door: Ip, page: Ip): boolean =>
  door === page || (scopeOf(door) === 'unspecified' && door.includes(':') === page.includes(':'))
