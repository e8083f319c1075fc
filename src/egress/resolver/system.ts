/**
 * `system`: the hosts file, then the DNS servers that this machine is set to use now, each by UDP. It does not go
 * through NSS: no mDNS, no LDAP, no search domains, so a single label is asked for as it stands.
 */
import { readFile, stat } from 'node:fs/promises'
import { type Endpoint, formatEndpoint } from '../../model/address.ts'
import type { NameServer, NameServers, Unusable } from './answer.ts'
import { connectionFailed } from './failure-words.ts'
import { type HostsTable, parseHostsFile } from './hosts-file.ts'
import type { ResolverSettings } from './index.ts'
import { specialAnswer } from './special-names.ts'
import { createStub } from './stub.ts'
import { readSystemServers } from './system-servers.ts'
import { createUdpExchange } from './udp.ts'

const CHECK_MS = 1_000
const LABEL = "this machine's resolver"

export function createSystem(_server: { readonly kind: 'system' }, settings: ResolverSettings): NameServers {
  const hosts = followHosts(settings.hostsPath, settings.monotonic)
  return {
    label: LABEL,
    known: async (name) => {
      const table = await hosts().catch(unreadable)
      if ('kind' in table) return table
      const ips = table.get(name)
      return ips === undefined ? specialAnswer(name) : { kind: 'addresses', ips }
    },
    servers: followServers(settings),
  }
}

/** Fails closed: the file may hold the very line that keeps a name from going elsewhere. */
function unreadable(cause: unknown): Unusable {
  const failed = connectionFailed(cause)
  return { ...failed, why: `the hosts file cannot be read${failed.kind === 'exhausted' ? `, ${failed.why}` : ''}` }
}

/**
 * The servers that are set now, looked at once a second at most: a machine that moves gets others. Where they cannot be
 * read, those that were known before are as good as any.
 */
function followServers(settings: ResolverSettings): () => readonly NameServer[] {
  let known = ''
  let current: readonly NameServer[] = []
  let checkedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (settings.monotonic() - checkedAt < CHECK_MS) return current
    let listed: readonly string[]
    try {
      listed = settings.systemServers()
    } catch (error) {
      return current.length > 0 ? current : [unlisted(error)]
    }
    checkedAt = settings.monotonic()
    const servers = readSystemServers(listed)
    const now = servers.map(formatEndpoint).join(' ')
    if (now !== known) {
      known = now
      current = servers.map((server) => open(server, servers.length === 1 ? LABEL : `${LABEL} ${formatEndpoint(server)}`, settings))
    }
    return current
  }
}

/** Stands for the servers that cannot be learnt. */
const unlisted = (cause: unknown): NameServer => ({
  label: LABEL,
  failing: false,
  recall: () => null,
  ask: async () => connectionFailed(cause),
})

/** Answers are kept under the address: what one server said is not what its successor says. */
const open = (server: Endpoint<string>, label: string, settings: ResolverSettings): NameServer =>
  createStub(label, createUdpExchange(server, settings), settings, `udp://${formatEndpoint(server)}`)

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
    if (monotonic() - checkedAt >= CHECK_MS) {
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
