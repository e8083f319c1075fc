/** The hosts file (hosts(5)) as a table from name to addresses. It reads text, not disks: `system.ts` does. */
import { type Ip, parseIp } from '../../model/address.ts'
import type { NonEmpty } from '../../model/brand.ts'
import { type Hostname, isHost, parseHost } from '../../model/hostname.ts'

export type HostsTable = ReadonlyMap<Hostname, NonEmpty<Ip>>

/**
 * Reads a hosts file; never throws. A name has the addresses of all its lines, in their order. What is no address or
 * no name is passed over, as every reader of this file does; so are zoned addresses (`fe80::1%lo0`), which can't be dialled.
 */
export function parseHostsFile(text: string): HostsTable {
  const table = new Map<Hostname, NonEmpty<Ip>>()
  for (const line of text.split(/\r?\n/)) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    const ip = parseIp(address ?? '')
    if (ip === null) continue
    for (const text of names) {
      const host = parseHost(text)
      if (!isHost(host) || host.kind !== 'name') continue
      const ips = table.get(host.name)
      if (ips === undefined) table.set(host.name, [ip])
      else if (!ips.includes(ip)) table.set(host.name, [...ips, ip])
    }
  }
  return table
}

/** Where this system keeps the file. */
export const hostsFilePath = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string =>
  platform === 'win32' ? `${env.SystemRoot ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts` : '/etc/hosts'
