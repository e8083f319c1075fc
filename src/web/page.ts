/** The page of one process, as its settings want it, put together and listening. */
import type { Logger } from 'pino'
import type { Settings } from '../config/settings.ts'
import { doorAt } from '../config/web.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { OperatorError } from '../model/errors.ts'
import { listen } from './listener.ts'
import { boundDoors, reachableDoors } from './reachable.ts'

export interface Page {
  /** `taken`: its address, which nobody chose, is that of `by`, in words. */
  readonly state:
    | { readonly kind: 'open'; readonly at: Endpoint<Ip> }
    | { readonly kind: 'taken'; readonly at: Endpoint<Ip>; readonly by: string }
    | { readonly kind: 'off' }
  stop(): Promise<void>
}

/** Throws OperatorError where the address that the operator wrote can't be had. */
export async function openPage(
  { inbounds, web, resolver: { localNames } }: Pick<Settings, 'inbounds' | 'web' | 'resolver'>,
  open: readonly { readonly name: string; readonly bound: Endpoint<Ip> }[],
  log: Logger,
): Promise<Page> {
  const at = web.listen
  if (at === null) return { state: { kind: 'off' }, stop: async () => {} }
  const doors = reachableDoors(boundDoors(inbounds, open))
  const onTrouble = (error: Error) => log.error({ err: error }, `the page: ${error.message}`)
  const page = await listen({ listen: at, parts: { doors, pac: web.pac, localNames }, onTrouble })
  if (page !== null) return { state: { kind: 'open', at: page.bound }, stop: page.stop }
  const door =
    open[
      doorAt(
        at,
        open.map(({ bound }) => bound),
      )
    ] ?? null
  const by = door === null ? 'something else' : `the door "${door.name}"`
  const taken = `${by} listens on ${formatEndpoint(at)}`
  if (web.named) throw new OperatorError(`web.listen: ${taken}; ${door === null ? 'stop it, ' : ''}choose another port, or set it to off`)
  log.warn(`there is no page and no PAC: ${taken}; web: { listen: "127.0.0.1:PORT" } in the settings gives the page another port`)
  return { state: { kind: 'taken', at, by }, stop: async () => {} }
}
