/** Whether this machine reaches addresses without the proxy. Only those that the person named are tried. */
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { type Finding, fail, ok } from '../doctor/check.ts'
import { connectTo } from './connect.ts'
import type { SetupCheck } from './world.ts'

export const egress: SetupCheck = async ({ probes, parameters: { command } }) => {
  if (probes.length === 0)
    return [{ state: 'skipped', says: 'direct egress: not tried, as no --probe names an address that would answer (such as 1.1.1.1:443)' }]
  const tried = await Promise.all(probes.map((probe) => tryProbe(probe, command)))
  const mayGo =
    process.getuid?.() === 0
      ? [{ state: 'skipped', says: 'this was tried as root; rules may let other users out or keep them in' } as const]
      : []
  return [...tried, ...mayGo]
}

async function tryProbe(probe: Endpoint<Ip>, command: string): Promise<Finding> {
  const where = `direct to ${formatEndpoint(probe)}`
  const result = await connectTo(probe)
  switch (result.kind) {
    case 'open':
      result.socket.destroy()
      return fail(
        `${where}: open; programs can go round the proxy`,
        `"${command} setup firewall-linux" (firewall-macos, firewall-windows) prints rules`,
      )
    case 'refused':
      return ok(`${where}: closed (${result.code}), by this machine, by one on the way, or by that host itself`)
    case 'no-route':
      return ok(`${where}: closed, there is no route`)
    case 'silent':
      return fail(
        `${where}: unknown, no answer within 3 s`,
        'rules that reject rather than drop, or a probe that answers where nothing is in its way',
      )
    default:
      return result satisfies never
  }
}
