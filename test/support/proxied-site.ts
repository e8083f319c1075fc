/** A web site somewhere in America and a door in front of it: what most clients that are not ours are tried with. */
import { expect } from 'vitest'
import { issueFor, makeAuthority } from './certificates.ts'
import {
  type DoorOptions,
  notToChina,
  openProxy,
  type Proxy as ProxyUnderTest,
  places,
  policyText,
  type World,
} from './proxy-under-test.ts'
import { startWebSite, type WebSite, type WebSiteOptions } from './web-site.ts'

export const AMERICA = '170.114.1.1'
export const AMERICA_V6 = '2600:1f18::1'
export const CHINA = '52.81.151.250'

export const authority = makeAuthority()
const certificate = issueFor(authority, 'page.example', AMERICA)

export interface ProxiedSite {
  readonly site: WebSite
  readonly proxy: ProxyUnderTest
  /** `127.0.0.1:8080`. */
  readonly at: string
  readonly over: 'clear' | 'tls' | 'http2'
}

/** TLS says goodbye in so many bytes, and often nobody is there any more to read them, or the goodbye is cut short. */
const TLS_GOODBYE = 24

/** `page.example`, `v6.example` and the addresses lead to the site; nothing may reach `china.example`. */
export async function openProxiedSite(
  { over = 'clear', pages = {} }: Pick<WebSiteOptions, 'over' | 'pages'> = {},
  world: World & DoorOptions = {},
): Promise<ProxiedSite> {
  const site = await startWebSite({ over, certificate, pages })
  const proxy = await openProxy({
    names: { 'page.example': [AMERICA], 'v6.example': [AMERICA_V6], 'china.example': [CHINA] },
    places: { ...places, [AMERICA_V6]: 'US' },
    policy: policyText('enforce', notToChina),
    routes: { [AMERICA]: site.port, [AMERICA_V6]: site.port },
    ...world,
  })
  return { site, proxy, over, at: `127.0.0.1:${proxy.port}` }
}

/** There were so many flows, and each record names as many bytes each way as its connection carried at the origin. */
export async function expectRecordsToMatch({ site, proxy, over }: ProxiedSite, flows: number): Promise<void> {
  await proxy.flowsOver(flows)
  const { decided, ended } = proxy.writer
  expect(decided).toHaveLength(flows)
  expect(ended).toHaveLength(site.connections.length)
  const slack = over === 'clear' ? 0 : TLS_GOODBYE
  const endings = over === 'clear' ? ['completed'] : ['completed', 'reset']
  // Flows need not end in the order in which their connections began.
  const recorded = [...ended].sort((a, b) => a.up - b.up)
  const carried = [...site.connections].sort((a, b) => a.bytesRead - b.bytesRead)
  for (const [i, { up, down, ending }] of recorded.entries()) {
    expect(endings).toContain(ending)
    expect(Math.abs(up - (carried[i]?.bytesRead ?? 0)), `${up} bytes up`).toBeLessThanOrEqual(slack)
    expect(Math.abs(down - (carried[i]?.bytesWritten ?? 0)), `${down} bytes down`).toBeLessThanOrEqual(slack)
  }
}
