/**
 * Which addresses are not places on the Internet (the IANA IPv4 and IPv6 special-purpose registries, RFC 6890 and
 * updates), and which carry another address inside (NAT64, 6to4, Teredo, ISATAP). Countries are asked only for what is
 * global here.
 */
import { familyOf, type Ip, ipFromBytes, ipToBytes } from './address.ts'
import { type Cidr, cidr } from './cidr.ts'
import { CidrMap, CidrSet } from './cidr-set.ts'

/**
 * `global` is judged by country, `unspecified` is never dialled, every other scope is local. `reserved`: documentation,
 * benchmarking, discard-only, protocol assignments and future use. What answers there is something of the client's own
 * network: a proxy's fake addresses, a translator, an internal net on borrowed numbers.
 */
export type Scope = 'global' | 'loopback' | 'private' | 'link-local' | 'cgnat' | 'multicast' | 'reserved' | 'unspecified'

/**
 * The longest prefix that holds an address names its scope. The registries' column "Globally Reachable" decides: False is
 * not global, True is, and so is N/A (Teredo, 6to4 and its relays), but for the ORCHIDs of 2001:10::/28, which have
 * been given back to a block that is not.
 */
const table: readonly (readonly [Scope, readonly Cidr[]])[] = [
  [
    'global', // True inside a block that is not
    [
      cidr('192.0.0.9/32'), // PCP anycast (RFC 7723)
      cidr('192.0.0.10/32'), // TURN anycast (RFC 8155)
      cidr('2001::/32'), // Teredo (RFC 4380), N/A
      cidr('2001:1::1/128'), // PCP anycast (RFC 7723)
      cidr('2001:1::2/128'), // TURN anycast (RFC 8155)
      cidr('2001:1::3/128'), // DNS-SD SRP anycast (RFC 9665)
      cidr('2001:3::/32'), // AMT (RFC 7450)
      cidr('2001:4:112::/48'), // AS112 (RFC 7535)
      cidr('2001:20::/28'), // ORCHIDv2 (RFC 7343)
      cidr('2001:30::/28'), // DRIP entity tags (RFC 9374)
    ],
  ],
  // 0.0.0.0 as a destination reaches this host on Linux; 0/8 is "this network" (RFC 1122 §3.2.1.3).
  ['unspecified', [cidr('0.0.0.0/8'), cidr('::/128')]],
  ['loopback', [cidr('127.0.0.0/8'), cidr('::1/128')]],
  ['private', [cidr('10.0.0.0/8'), cidr('172.16.0.0/12'), cidr('192.168.0.0/16'), cidr('fc00::/7'), cidr('fec0::/10')]],
  ['link-local', [cidr('169.254.0.0/16'), cidr('fe80::/10')]],
  ['cgnat', [cidr('100.64.0.0/10')]],
  ['multicast', [cidr('224.0.0.0/4'), cidr('255.255.255.255/32'), cidr('ff00::/8')]],
  [
    'reserved',
    [
      cidr('192.0.0.0/24'), // IETF protocol assignments (RFC 6890 §2.1), DS-Lite among them
      cidr('192.0.2.0/24'), // documentation (RFC 5737)
      cidr('192.88.99.2/32'), // 6a44 relay (RFC 6751)
      cidr('198.18.0.0/15'), // benchmarking (RFC 2544), and the fake addresses of many proxies
      cidr('198.51.100.0/24'), // documentation (RFC 5737)
      cidr('203.0.113.0/24'), // documentation (RFC 5737)
      cidr('240.0.0.0/4'), // future use (RFC 1112 §4), in use inside some clouds
      cidr('64:ff9b:1::/48'), // local NAT64 (RFC 8215)
      cidr('100::/64'), // discard-only (RFC 6666)
      cidr('100:0:0:1::/64'), // dummy prefix (RFC 9780)
      cidr('2001::/23'), // IETF protocol assignments (RFC 2928), benchmarking among them (RFC 5180)
      cidr('2001:db8::/32'), // documentation (RFC 3849)
      cidr('3fff::/20'), // documentation (RFC 9637)
      cidr('5f00::/16'), // segment routing (RFC 9602)
    ],
  ],
]

// An object for each: of equal values a map would keep the first, and what is last here is what counts.
const scopes = new CidrMap(table.flatMap(([scope, networks]) => networks.map((network) => [network, { scope }] as const)))

export const scopeOf = (ip: Ip): Scope => scopeOfBytes(ipToBytes(ip))

/** The same for 4 or 16 bytes in network order. */
export const scopeOfBytes = (bytes: Uint8Array): Scope => scopes.getBytes(bytes).at(-1)?.scope ?? 'global'

/** Loopback, LAN, link-local, CGNAT, ULA, multicast, reserved: not on the Internet, never judged by country. */
export const isLocal = (ip: Ip): boolean => {
  const scope = scopeOf(ip)
  return scope !== 'global' && scope !== 'unspecified'
}

/**
 * Addresses at which clouds hand out credentials to whoever asks from inside the machine. Refused in every mode,
 * since a proxy that reaches them for its clients gives those credentials away.
 */
const metadata = new CidrSet([
  cidr('169.254.169.254/32'), // AWS, Azure, Google Cloud, Oracle, DigitalOcean, OpenStack
  cidr('169.254.170.2/32'), // AWS ECS task credentials
  cidr('169.254.170.23/32'), // AWS EKS pod identity
  cidr('169.254.0.23/32'), // Tencent Cloud
  cidr('100.100.100.200/32'), // Alibaba Cloud
  cidr('192.0.0.192/32'), // Oracle Cloud, classic
  cidr('168.63.129.16/32'), // Azure WireServer
  cidr('fd00:ec2::254/128'), // AWS, IPv6
  cidr('fd00:ec2::23/128'), // AWS EKS pod identity, IPv6
  cidr('fd20:ce::254/128'), // Google Cloud, IPv6
])

export const isCloudMetadata = (ip: Ip): boolean => metadata.has(ip)

const nat64 = new CidrSet([cidr('64:ff9b::/96')])
const localNat64 = new CidrSet([cidr('64:ff9b:1::/48')])
const sixToFour = new CidrSet([cidr('2002::/16')])
const teredo = new CidrSet([cidr('2001::/32')])
const compatible = new CidrSet([cidr('::/96')])

/**
 * The addresses that must all be permitted before `ip` may be dialled.
 * NAT64 (RFC 6052 §2.1) and 6to4 (RFC 3056 §2) stand for one IPv4 address and are judged as that. A Teredo address
 * (RFC 4380 §4) names a server and a client, an ISATAP one (RFC 5214 §6.1) a tunnel end, an IPv4-compatible one
 * (RFC 4291 §2.5.5.1) an IPv4 address: there the outer address and each embedded one count. So they do for local NAT64,
 * whose layout is the operator's choice (RFC 8215 §3): its last 32 bits are the IPv4 address only if the prefix is a /96.
 * An operator's own prefix shows only beside the name's IPv4 addresses: `nat64.ts`.
 */
export function judgedAddresses(ip: Ip): readonly [Ip, ...Ip[]] {
  if (familyOf(ip) === 4) return [ip]
  const bytes = ipToBytes(ip)
  const v4At = (offset: number) => ipFromBytes(bytes.subarray(offset, offset + 4))
  if (nat64.hasBytes(bytes)) return [v4At(12)]
  if (sixToFour.hasBytes(bytes)) return [v4At(2)]
  if (localNat64.hasBytes(bytes)) return [ip, v4At(12)]
  // The client's address stands inverted in the last 32 bits (RFC 4380 §4).
  if (teredo.hasBytes(bytes)) return [ip, v4At(4), ipFromBytes(bytes.subarray(12).map((byte) => byte ^ 0xff))]
  if (isIsatap(bytes)) return [ip, v4At(12)]
  if (compatible.hasBytes(bytes) && scopeOfBytes(bytes) === 'global') return [ip, v4At(12)]
  return [ip]
}

/** The interface identifier is 0000:5efe or 0200:5efe followed by the IPv4 address. */
const isIsatap = (b: Uint8Array): boolean => ((b[8] ?? 0) & 0xfd) === 0 && b[9] === 0 && b[10] === 0x5e && b[11] === 0xfe
