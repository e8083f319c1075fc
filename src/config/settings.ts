/** Settings as the program uses them: every text read, every value checked. */
import type { ResolverServer } from '../egress/resolver-server.ts'
import type { GeoSourceSettings } from '../geoip/kinds.ts'
import type { AssociationSettings } from '../inbound/associations.ts'
import type { ClientNetwork } from '../inbound/client-groups.ts'
import type { InboundType } from '../inbound/index.ts'
import type { Endpoint, Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Cidr } from '../model/cidr.ts'
import type { Hostname } from '../model/hostname.ts'
import type { UpstreamSettings } from './upstream.ts'
import type { WebSettings } from './web.ts'

/** Paths of the files of a door that speaks TLS. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
  /** Of the authority of the clients; `null`: they are not asked for certificates. */
  readonly clients: string | null
}

export interface InboundSettings {
  readonly type: InboundType
  readonly name: string
  readonly listen: Endpoint<Ip>
  /** `certificate`: whoever shows none is turned away. */
  readonly login: 'required' | 'certificate' | 'none'
  /** Empty: every client that can reach the door, which only one on loopback or with a login may say. */
  readonly clients: readonly ClientNetwork[]
  /** `null`: it speaks in clear. */
  readonly tls: TlsFiles | null
  /** Networks of the load balancers whose PROXY header is read, and must be there. */
  readonly balancers: readonly Cidr[]
}

export interface Settings {
  /** The file that was read, or `null` for the defaults. */
  readonly file: string | null
  readonly node: string
  /** A pack's name, or the path of a file. */
  readonly policy: string
  /** The path of the file of those who may log in; `null`: nobody can. */
  readonly users: string | null
  readonly inbounds: NonEmpty<InboundSettings>
  readonly resolver: { readonly servers: NonEmpty<ResolverServer>; readonly localNames: readonly Hostname[] }
  readonly geoip: {
    readonly sources: readonly GeoSourceSettings[]
    readonly folder: string
    /** Where compiled tables are kept. */
    readonly cache: string
    /** The data of this lock is used, and no other; `null`: what the sources hold. */
    readonly lock: string | null
    readonly whenNoTable: 'block' | 'exit'
    /** Degrees. */
    readonly vantage: { readonly latitude: number; readonly longitude: number } | null
  }
  readonly records: { readonly folder: string; readonly whenDiskFull: 'block' | 'continue' }
  readonly web: WebSettings
  /** Proxies that everything goes through, in the order in which they are tried. */
  readonly upstream: readonly UpstreamSettings[]
  readonly deniedPorts: readonly number[]
  readonly limits: {
    /** `auto`: what the descriptors of the process allow. */
    readonly connections: number | 'auto'
    readonly perClient: number
    readonly perLoopbackClient: number
    /** Bytes of the whole process; `auto`: what the machine's limits allow. */
    readonly memory: number | 'auto'
    readonly loginFailuresPerMinute: number
    readonly headBytes: number
    readonly headMs: number
    readonly dialMs: number
    readonly idleMs: number
    readonly halfClosedMs: number
    readonly associations: AssociationSettings
  }
}
