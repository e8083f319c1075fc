/** The types of upstream proxy, each by its name in `upstream`. */
import type { Handshake, Hop } from './hop.ts'
import { connectByHttp } from './http.ts'
import { connectBySocks5 } from './socks5.ts'

export const upstreamTypes = { http: connectByHttp, socks5: connectBySocks5 } satisfies Readonly<Record<Hop['type'], Handshake>>

export type UpstreamType = keyof typeof upstreamTypes
