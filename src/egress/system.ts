/**
 * `system`: the hosts file, then the DNS servers that this machine is set to use now. It does not go through NSS: no
 * mDNS, no LDAP, no search domains, so a single label is asked for as it stands.
 */
import { readFile, stat } from 'node:fs/promises'
import type { Answer, NameServer } from './answer.ts'
import { type LookUpSettings, lookUp } from './cares.ts'
import { type HostsTable, parseHostsFile } from './hosts-file.ts'

const HOSTS_CHECK_MS = 1_000

export interface SystemSettings extends LookUpSettings {
  readonly hostsPath: string
  readonly monotonic: () => number
}

export function createSystem(_server: { readonly kind: 'system' }, settings: SystemSettings): NameServer {
  const hosts = followHosts(settings.hostsPath, settings.monotonic)
  return {
    label: "this machine's resolver",
    ask: async (name, signal) => {
      const table = await hosts().catch(unreadable)
      if ('kind' in table) return table
      const ips = table.get(name)
      return ips === undefined ? lookUp(name, null, signal, settings) : { kind: 'addresses', ips }
    },
  }
}

/** Fails closed: the file may hold the very line that keeps a name from going elsewhere. */
const unreadable = (cause: unknown): Answer => ({ kind: 'failed', why: 'the hosts file cannot be read', cause })

interface Snapshot {
  readonly stamp: string
  readonly table: HostsTable
}

const nothing: Snapshot = { stamp: '', table: new Map() }

/** The hosts file as it stands, looked at once a second at most, read again when it changed. */
function followHosts(path: string, monotonic: () => number): () => Promise<HostsTable> {
  let current = Promise.resolve(nothing)
  let checkedAt = Number.NEGATIVE_INFINITY
  return async () => {
    if (monotonic() - checkedAt >= HOSTS_CHECK_MS) {
      checkedAt = monotonic()
      current = refresh(path, current)
    }
    return (await current).table
  }
}

async function refresh(path: string, before: Promise<Snapshot>): Promise<Snapshot> {
  const known = await before.catch(() => nothing)
  try {
    const { mtimeMs, size, ino } = await stat(path)
    const stamp = `${mtimeMs} ${size} ${ino}`
    return stamp === known.stamp ? known : { stamp, table: parseHostsFile(await readFile(path, 'utf8')) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing
    throw error
  }
}
