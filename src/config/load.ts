/** Finds and reads the settings: the file that was named, or the first of the usual places, or the defaults. */
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseResolverServer, type ResolverServer } from '../egress/resolver-server.ts'
import type { GeoSourceSettings } from '../geoip/index.ts'
import { type Endpoint, formatEndpoint, type Ip, parseIp, parsePort } from '../model/address.ts'
import { isNonEmpty } from '../model/brand.ts'
import { type Cidr, isCidr, parseCidr } from '../model/cidr.ts'
import { OperatorError } from '../model/errors.ts'
import { type Hostname, isHost, parseHost } from '../model/hostname.ts'
import { scopeOf } from '../model/scope.ts'
import { type Path, readSource, type Source } from '../policy/source.ts'
import { type SettingsDocument, settingsDocument } from './document.ts'
import type { InboundSettings, Settings } from './settings.ts'
import { stateFolder } from './state-folder.ts'

/** What the command line says, which beats the file. */
export interface SettingsOverrides {
  readonly config?: string | undefined
  readonly policy?: string | undefined
  readonly listen?: string | undefined
}

const usualPlaces = ['ringfence.yaml', '/etc/ringfence/ringfence.yaml']

/** Throws ConfigErrors with every fault of the file, OperatorError for one that can't be read or a flag that makes no sense. */
export function loadSettings(overrides: SettingsOverrides = {}): Settings {
  const file = overrides.config ?? usualPlaces.find((place) => existsSync(place)) ?? null
  const source = readSource(file === null ? '' : readText(file), file ?? 'defaults', settingsDocument)
  const settings = compileSettings(source, file)
  source.throwIfReported()
  return override(settings, overrides)
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

function compileSettings({ value, report }: Source<SettingsDocument>, file: string | null): Settings {
  const inbounds = value.inbounds.map((inbound, i) => compileInbound(inbound, ['inbounds', i], report))
  const names = inbounds.map(({ name }) => name)
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) report(['inbounds', i], `a second door is called "${name}"; give each a "name"`)
  }
  const places = inbounds.map(({ listen }) => formatEndpoint(listen))
  for (const [i, { listen }] of inbounds.entries()) {
    const before = places.indexOf(places[i] ?? '')
    if (before < i && listen.port !== 0) report(['inbounds', i, 'listen'], `inbounds[${before}] listens on ${places[i]} already`)
  }
  const servers = value.resolver.servers.flatMap((text, i) => compileServer(text, ['resolver', 'servers', i], report))
  const base = file === null ? process.cwd() : dirname(resolve(file))
  return {
    file,
    node: value.node ?? hostname(),
    policy: isPath(value.policy) ? resolve(base, value.policy) : value.policy,
    // Both lists have at least one entry by the schema; one that was reported never leaves this file.
    inbounds: isNonEmpty(inbounds) ? inbounds : [nowhere],
    resolver: {
      servers: isNonEmpty(servers) ? servers : [{ kind: 'system' }],
      localNames: value.resolver.local_names.flatMap((text, i) => compileName(text, ['resolver', 'local_names', i], report)),
    },
    geoip: {
      sources: value.geoip.sources.map(
        (each): GeoSourceSettings => (each.type === 'mmdb' ? { ...each, path: resolve(base, each.path) } : each),
      ),
    },
    records: {
      folder: value.records.folder === undefined ? join(stateFolder(), 'flows') : resolve(base, value.records.folder),
      whenDiskFull: value.records.when_disk_full,
    },
    deniedPorts: value.denied_ports,
    limits: {
      headBytes: value.limits.head_bytes,
      headMs: value.limits.head_seconds * 1_000,
      dialMs: value.limits.dial_seconds * 1_000,
      idleMs: value.limits.idle_minutes * 60_000,
      halfClosedMs: value.limits.half_closed_seconds * 1_000,
    },
  }
}

/** A file name has a dot or a slash; a pack's name has neither. */
export const isPath = (policy: string): boolean => /[./\\]/.test(policy)

type Report = (path: Path, message: string) => void

const nowhere: InboundSettings = { type: 'mixed', name: 'mixed', listen: { host: parseIp('127.0.0.1') as Ip, port: 0 }, clients: [] }

function compileInbound(written: SettingsDocument['inbounds'][number], at: Path, report: Report): InboundSettings {
  const listen = parseListen(written.listen)
  if ('problem' in listen) report([...at, 'listen'], listen.problem)
  const clients = (written.clients ?? []).flatMap((text, i) => compileClients(text, [...at, 'clients', i], report))
  const settings = {
    type: written.type,
    name: written.name ?? written.type,
    listen: 'problem' in listen ? nowhere.listen : listen,
    clients,
  }
  const open = openRelayProblem(settings)
  if (open !== null && !('problem' in listen)) report([...at, 'listen'], open)
  return settings
}

/** A door that others can reach without being told who may use it would be an open relay. */
const openRelayProblem = ({ listen, clients }: InboundSettings): string | null =>
  isLoopback(listen.host) || clients.length > 0
    ? null
    : `a door on ${listen.host} can be reached from other machines: list the networks of its clients under "clients" (for example clients: [10.0.0.0/8])`

export const isLoopback = (ip: Ip): boolean => scopeOf(ip) === 'loopback'

/** `127.0.0.1:8080`, `[::1]:8080`; port 0 takes a free one. */
export function parseListen(text: string): Endpoint<Ip> | { readonly problem: string } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(text)
  const host = parseIp(match?.[1] ?? match?.[2] ?? '')
  const port = match?.[3] === '0' ? 0 : parsePort(match?.[3] ?? '')
  if (host === null || port === null) return { problem: `"${text}" is not an address and a port (write 127.0.0.1:8080 or [::1]:8080)` }
  return { host, port }
}

function compileClients(text: string, at: Path, report: Report): readonly Cidr[] {
  const parsed = parseCidr(text)
  if (isCidr(parsed)) return [parsed]
  report(
    at,
    `"${text}" is not a network${parsed.suggestion === undefined ? ' (write 10.0.0.0/8)' : `, did you mean "${parsed.suggestion}"?`}`,
  )
  return []
}

function compileServer(text: string, at: Path, report: Report): readonly ResolverServer[] {
  const server = parseResolverServer(text)
  if (!('problem' in server)) return [server]
  report(at, server.problem)
  return []
}

function compileName(text: string, at: Path, report: Report): readonly Hostname[] {
  const host = parseHost(text)
  if (isHost(host) && host.kind === 'name') return [host.name]
  report(at, isHost(host) ? `"${text}" is an address, not a name` : host.problem)
  return []
}

function override(settings: Settings, { policy, listen }: SettingsOverrides): Settings {
  const named = policy === undefined ? settings : { ...settings, policy: isPath(policy) ? resolve(policy) : policy }
  if (listen === undefined) return named
  const endpoint = parseListen(listen)
  if ('problem' in endpoint) throw new OperatorError(`--listen: ${endpoint.problem}`)
  const [first, ...rest] = named.inbounds
  const moved = { ...first, listen: endpoint }
  const open = openRelayProblem(moved)
  if (open !== null) throw new OperatorError(`--listen: ${open} in the settings file`)
  return { ...named, inbounds: [moved, ...rest] }
}
