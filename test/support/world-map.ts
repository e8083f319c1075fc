/** The made-up world outside the fence: which hosts it has, where they are, and how they behave. Read by both sides of the tests. */

/** Real public addresses, of which the embedded sources agree where they are. They exist inside a namespace only. */
export const hosts = {
  us: { v4: '170.114.1.1', v6: '2600:1f18::1' },
  ru: { v4: '5.255.255.70', v6: '2a02:6b8:c00::1' },
  cn: { v4: '52.81.151.250', v6: '2400:7fc0:4000::1' },
} as const

export const allAddresses: readonly string[] = Object.values(hosts).flatMap(({ v4, v6 }) => [v4, v6])

/** A US address to which packets go and from which none come back. */
export const silentAddress = '170.114.1.99'

/** A US address to which the world has no route: its router says so. */
export const unroutableAddress = '170.114.1.98'

export const ports = {
  http: 80,
  https: 443,
  /** Sends back what it gets, by TCP and UDP. */
  echo: 7,
  /** Speaks first, then echoes. */
  banner: 22,
  /** Answers once the client has sent its FIN, with the number of bytes that it got. */
  afterFin: 7007,
  /** Nobody listens. */
  refused: 9,
} as const

export const bannerText = 'SSH-2.0-world\r\n'

/** Where the world's name server listens. */
export const nameServer = { host: hosts.us.v4, port: 53 } as const

/** Whose certificate the test CA signs. */
export const certified: readonly string[] = [
  'us.example',
  'ru.example',
  'cn.example',
  'mixed.example',
  'mixed6.example',
  'meet.forbidden.example',
  'www.harmless.example',
  'ip-ranges.amazonaws.com',
  'www.digitalocean.com',
]

/** Asked of the process by IPC, answered with a `WorldReport`; `forget` empties the lists afterwards. */
export interface WorldQuestion {
  readonly id: number
  readonly forget: boolean
}

export interface WorldReport {
  /** Every TCP connection that was accepted, in order, by the address and port at this end. */
  readonly accepted: readonly { readonly address: string; readonly port: number; readonly from: string }[]
  /** Every UDP datagram that the world took, in the same way. */
  readonly datagrams: readonly { readonly address: string; readonly port: number; readonly from: string }[]
  /** Every DNS query. */
  readonly queries: readonly { readonly name: string; readonly type: string }[]
}
