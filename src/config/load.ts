/** Finds and reads the settings: the file that was named, or the first of the usual places, or the defaults. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseResolverServer, type ResolverServer } from '../egress/resolver-server.ts'
import { withPaths } from '../geoip/kinds.ts'
import type { ClientNetwork } from '../inbound/client-groups.ts'
import { BoundDoors } from '../inbound/own-doors.ts'
import { type Endpoint, formatEndpoint, type Ip, parseIp, parsePort } from '../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../model/brand.ts'
import { OperatorError } from '../model/errors.ts'
import { type Hostname, isHost, parseHost, printable } from '../model/hostname.ts'
import { scopeOf } from '../model/scope.ts'
import { compileNetworks } from '../policy/matchers/networks.ts'
import type { Path, Report } from '../policy/path.ts'
import { readSource, type Source } from '../policy/yaml-source.ts'
import { cacheFolder } from './cache-folder.ts'
import { type SettingsDocument, settingsDocument } from './document.ts'
import type { InboundSettings, Settings, TlsFiles } from './settings.ts'
import { stateFolder } from './state-folder.ts'
import { compileUpstreams } from './upstream.ts'
import { compileWeb, pageClash } from './web.ts'

/** What the command line says, which beats the file. */
export interface SettingsOverrides {
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly listen?: string | undefined
  /** A lock of location data. */
  readonly asOf?: string | undefined
}

/** More than any browser opens; far less than a door has. */
const PER_CLIENT = 1_024

const usualPlaces = ['ringfence.yaml', '/etc/ringfence/ringfence.yaml']

/** Throws ConfigErrors with every fault of the file, OperatorError for one that can't be read or a flag that makes no sense. */
export function loadSettings(overrides: SettingsOverrides = {}): Settings {
  const file = overrides.config ?? usualPlaces.find((place) => existsSync(place)) ?? null
  const source = readSource(file === null ? '' : readText(file), file ?? 'defaults', settingsDocument)
  return override(compileSettings(source, file), overrides)
}

/** Reads a file that the operator named. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const why =
      cause instanceof Error && 'code' in cause
        ? { ENOENT: 'there is no such file', EACCES: 'it may not be read', EISDIR: 'it is a folder' }[String(cause.code)]
        : undefined
    throw new OperatorError(`${file}: ${why ?? (cause instanceof Error ? cause.message : String(cause))}`, { cause })
  }
}

function compileSettings({ value, report, throwIfReported }: Source<SettingsDocument>, file: string | null): Settings {
  const base = file === null ? process.cwd() : dirname(resolve(file))
  const inbounds = compileInbounds(value.inbounds, { hasUsers: value.users !== undefined, base }, report)
  const servers = value.resolver.servers.map((text, i) => compileServer(text, ['resolver', 'servers', i], report))
  const localNames = value.resolver.local_names.map((text, i) => compileName(text, ['resolver', 'local_names', i], report))
  const web = compileWeb(value.web, parseListen, report)
  const doors = inbounds.map((inbound) => inbound?.listen ?? null)
  const clash = pageClash(web, doors)
  if (clash !== null) report(['web', 'listen'], clash)
  const ownDoors = new BoundDoors([...doors.filter(isSound), ...(web.listen === null ? [] : [web.listen])])
  const isOwnDoor = (ip: Ip, port: number) => ownDoors.has(ip, port)
  const upstream = compileUpstreams(value.upstream, { resolvePath: (path) => resolve(base, path), isOwnDoor }, report)
  throwIfReported()
  return {
    file,
    node: value.node ?? hostname(),
    policy: isPath(value.policy) ? resolve(base, value.policy) : value.policy,
    users: value.users === undefined ? null : resolve(base, value.users),
    inbounds: some(inbounds.filter(isSound)),
    resolver: { servers: some(servers.filter(isSound)), localNames: localNames.filter(isSound) },
    geoip: {
      sources: value.geoip.sources.map((each) => withPaths(each, (path) => resolve(base, path))),
      folder: value.geoip.folder === undefined ? join(stateFolder(), 'geoip') : resolve(base, value.geoip.folder),
      cache: cacheFolder(),
      lock: value.geoip.lock === undefined ? null : resolve(base, value.geoip.lock),
      whenNoTable: value.geoip.when_no_table,
      vantage: value.geoip.vantage ?? null,
    },
    records: {
      folder: value.records.folder === undefined ? join(stateFolder(), 'flows') : resolve(base, value.records.folder),
      whenDiskFull: value.records.when_disk_full,
    },
    web,
    upstream,
    deniedPorts: value.denied_ports,
    limits: {
      connections: value.limits.connections,
      perClient: value.limits.per_client ?? PER_CLIENT,
      perLoopbackClient: value.limits.per_client ?? Number.POSITIVE_INFINITY,
      memory: value.limits.memory_mb === 'auto' ? 'auto' : value.limits.memory_mb * 1_048_576,
      loginFailuresPerMinute: value.limits.login_failures_per_minute,
      headBytes: value.limits.head_bytes,
      headMs: value.limits.head_seconds * 1_000,
      dialMs: value.limits.dial_seconds * 1_000,
      idleMs: value.limits.idle_minutes * 60_000,
      halfClosedMs: value.limits.half_closed_seconds * 1_000,
      associations: { perClient: value.limits.associations_per_client, idleMs: value.limits.udp_idle_seconds * 1_000 },
    },
  }
}

/** `null` stands for a part that was reported; of a file without faults there is none. */
const isSound = <T>(part: T | null): part is T => part !== null

/** The schema asks these lists for at least one entry. */
function some<T>(list: readonly T[]): NonEmpty<T> {
  if (!isNonEmpty(list)) throw new Error('a list of the settings is empty, which its schema forbids')
  return list
}

/** A file name has a dot or a slash; a pack's name has neither. */
export const isPath = (policy: string): boolean => /[./\\]/.test(policy)

type InboundDocument = SettingsDocument['inbounds'][number]

/** What a door's settings depend on beside themselves. */
interface Around {
  readonly hasUsers: boolean
  /** What paths are relative to. */
  readonly base: string
}

function compileInbounds(written: readonly InboundDocument[], around: Around, report: Report): readonly (InboundSettings | null)[] {
  const inbounds = written.map((inbound, i) => compileInbound(inbound, around, ['inbounds', i], report))
  const names = written.map(nameOf)
  const places = inbounds.map((inbound) => (inbound === null ? null : formatEndpoint(inbound.listen)))
  for (const [i, inbound] of inbounds.entries()) {
    if (names.indexOf(names[i] ?? '') < i) report(['inbounds', i], `a second door is called "${names[i]}"; give each a "name"`)
    const before = places.indexOf(places[i] ?? null)
    if (inbound !== null && inbound.listen.port !== 0 && before < i)
      report(['inbounds', i, 'listen'], `inbounds[${before}] listens on ${places[i]} already`)
  }
  return inbounds
}

const nameOf = ({ name, type }: InboundDocument): string => name ?? type

function compileInbound(written: InboundDocument, { hasUsers, base }: Around, at: Path, report: Report): InboundSettings | null {
  const listen = parseListen(written.listen)
  const clients = compileClients(written.clients ?? [], [...at, 'clients'], report)
  const balancers = (written.proxy_protocol?.from ?? []).flatMap((network, i) =>
    compileNetworks([network], (_, message) => report([...at, 'proxy_protocol', 'from', i], message)),
  )
  const showsCertificates = written.tls?.clients !== undefined
  const login = written.login ?? (hasUsers ? 'required' : showsCertificates ? 'certificate' : 'none')
  if (login === 'certificate' && !showsCertificates)
    report([...at, 'login'], 'nobody can show a certificate: name the authority of the clients (tls: { …, clients: ca.pem })')
  if (login === 'none' && showsCertificates)
    report([...at, 'login'], '"tls.clients" asks everybody for a certificate, "none" asks nobody for anything: leave one of them out')
  if (login === 'required' && !hasUsers)
    report(
      [...at, 'login'],
      'nobody can log in: name the file of those who may under "users" (users: users.yaml; "ringfence users add" makes it)',
    )
  if ('problem' in listen) {
    report([...at, 'listen'], listen.problem)
    return null
  }
  const tls = written.tls === undefined ? null : compileTls(written.tls, base)
  const inbound = { type: written.type, name: nameOf(written), listen, login, clients, tls, balancers }
  // Where networks are written but faulty, that is the fault.
  const open = written.clients === undefined ? openRelayProblem(inbound) : null
  if (open !== null) report([...at, 'listen'], open)
  return inbound
}

const compileTls = ({ certificate, key, clients }: NonNullable<InboundDocument['tls']>, base: string): TlsFiles => ({
  certificate: resolve(base, certificate),
  key: resolve(base, key),
  clients: clients === undefined ? null : resolve(base, clients),
})

type ClientDocument = NonNullable<InboundDocument['clients']>[number]

function compileClients(written: readonly ClientDocument[], at: Path, report: Report): readonly ClientNetwork[] {
  return written.flatMap((client, i) => {
    const { network, groups } = typeof client === 'string' ? { network: client, groups: [] } : client
    const place = typeof client === 'string' ? [...at, i] : [...at, i, 'network']
    return compileNetworks([network], (_, message) => report(place, message)).map((cidr) => ({ ...cidr, groups }))
  })
}

/** A door that others can reach without being told who may use it would be an open relay. */
const openRelayProblem = ({ listen, login, clients, balancers }: InboundSettings): string | null => {
  if (clients.length > 0 || login !== 'none') return null
  const way = isLoopback(listen.host) ? (balancers.length > 0 ? 'through its load balancer' : null) : 'from other machines'
  if (way === null) return null
  return `a door on ${listen.host} can be reached ${way}: list the networks of its clients under "clients" (for example clients: [10.0.0.0/8]), have people log in ("users: users.yaml"), or know them by their certificates ("tls.clients")`
}

export const isLoopback = (ip: Ip): boolean => scopeOf(ip) === 'loopback'

/** `127.0.0.1:8080`, `[::1]:8080`; port 0 takes a free one. */
export function parseListen(text: string): Endpoint<Ip> | { readonly problem: string } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text)
  const host = parseIp(match?.[1] ?? match?.[2] ?? '')
  const port = match?.[3] === '0' ? 0 : parsePort(match?.[3] ?? '')
  if (host === null || port === null)
    return { problem: `"${printable(text)}" is not an address and a port (write 127.0.0.1:8080 or [::1]:8080)` }
  return { host, port }
}

function compileServer(text: string, at: Path, report: Report): ResolverServer | null {
  const server = parseResolverServer(text)
  if (!('problem' in server)) return server
  report(at, server.problem)
  return null
}

function compileName(text: string, at: Path, report: Report): Hostname | null {
  const host = parseHost(text)
  if (isHost(host) && host.kind === 'name') return host.name
  report(at, isHost(host) ? `"${printable(text)}" is an address, not a name` : host.problem)
  return null
}

function override(settings: Settings, { policy, listen, asOf }: SettingsOverrides): Settings {
  const locked = asOf === undefined ? settings : { ...settings, geoip: { ...settings.geoip, lock: resolve(asOf) } }
  const named = policy === undefined ? locked : { ...locked, policy: isPath(policy) ? resolve(policy) : policy }
  if (listen === undefined) return named
  const endpoint = parseListen(listen)
  if ('problem' in endpoint) throw new OperatorError(`--listen: ${endpoint.problem}`)
  const [first, ...rest] = named.inbounds
  const moved = { ...first, listen: endpoint }
  const open = openRelayProblem(moved)
  if (open !== null) throw new OperatorError(`--listen: ${open} in the settings file`)
  return { ...named, inbounds: [moved, ...rest] }
}
