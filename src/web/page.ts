/** The page of one process, as its settings want it, put together and listening. */
import type { Logger } from 'pino'
import type { Settings } from '../config/settings.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { OperatorError } from '../model/errors.ts'
import { listen } from './listener.ts'
import { reachableDoors } from './reachable.ts'

export interface Page {
  /** `taken`: something else listens at its address, which nobody chose. */
  readonly state: { readonly kind: 'open' | 'taken'; readonly at: Endpoint<Ip> } | { readonly kind: 'off' }
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
  const doors = reachableDoors(
    open.flatMap(({ name, bound }) => inbounds.filter((inbound) => inbound.name === name).map(({ login, tls }) => ({ bound, login, tls }))),
  )
  const onTrouble = (error: Error) => log.error({ err: error }, `the page: ${error.message}`)
  const page = await listen({ listen: at, parts: { doors, pac: web.pac, localNames }, onTrouble })
  if (page !== null) return { state: { kind: 'open', at: page.bound }, stop: page.stop }
  const taken = `something else listens on ${formatEndpoint(at)}`
  if (web.named) throw new OperatorError(`web.listen: ${taken}; stop it, choose another port, or set it to off`)
  log.warn(`there is no page and no PAC: ${taken}; web.listen in the settings chooses another port`)
  return { state: { kind: 'taken', at }, stop: async () => {} }
}
