/** Settings as the program uses them: every text read, every value checked. */
import type { ResolverServer } from '../egress/resolver-server.ts'
import type { GeoSourceSettings } from '../geoip/kinds.ts'
import type { ClientNetwork } from '../inbound/client-groups.ts'
import type { InboundType } from '../inbound/index.ts'
import type { Endpoint, Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Hostname } from '../model/hostname.ts'
import type { WebSettings } from './web.ts'

export interface InboundSettings {
  readonly type: InboundType
  readonly name: string
  readonly listen: Endpoint<Ip>
  readonly login: 'required' | 'none'
  /** Empty: every client that can reach the door, which only one on loopback or with a login may say. */
  readonly clients: readonly ClientNetwork[]
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
  readonly deniedPorts: readonly number[]
  readonly limits: {
    readonly headBytes: number
    readonly headMs: number
    readonly dialMs: number
    readonly idleMs: number
    readonly halfClosedMs: number
  }
}
