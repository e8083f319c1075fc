/**
 * Which addresses are not places on the Internet (IANA special-purpose registries, RFC 6890 and updates), and which
 * carry another address inside (NAT64, 6to4, Teredo, ISATAP). Countries are asked only for what is global here.
 */
import { familyOf, type Ip, ipFromBytes, ipToBytes } from './address.ts'
import { type Cidr, cidr, containsAny, containsAnyBytes } from './cidr.ts'

/** `global` is judged by country, `unspecified` is never dialled, every other scope is local. */
export type Scope = 'global' | 'loopback' | 'private' | 'link-local' | 'cgnat' | 'multicast' | 'unspecified'

const table: readonly (readonly [Exclude<Scope, 'global'>, readonly Cidr[]])[] = [
  // 0.0.0.0 as a destination reaches this host on Linux; 0/8 is "this network" (RFC 1122 §3.2.1.3).
  ['unspecified', [cidr('0.0.0.0/8'), cidr('::/128')]],
  ['loopback', [cidr('127.0.0.0/8'), cidr('::1/128')]],
  ['private', [cidr('10.0.0.0/8'), cidr('172.16.0.0/12'), cidr('192.168.0.0/16'), cidr('fc00::/7'), cidr('fec0::/10')]],
  ['link-local', [cidr('169.254.0.0/16'), cidr('fe80::/10')]],
  ['cgnat', [cidr('100.64.0.0/10')]],
  ['multicast', [cidr('224.0.0.0/4'), cidr('255.255.255.255/32'), cidr('ff00::/8')]],
]

const scopes = table.map(([scope, networks]) => ({ scope, contains: containsAnyBytes(networks) }))

export const scopeOf = (ip: Ip): Scope => scopeOfBytes(ipToBytes(ip))

const scopeOfBytes = (bytes: Uint8Array): Scope => scopes.find(({ contains }) => contains(bytes))?.scope ?? 'global'

/** Loopback, LAN, link-local, CGNAT, ULA, multicast: not on the Internet, never judged by country. */
export const isLocal = (ip: Ip): boolean => {
  const scope = scopeOf(ip)
  return scope !== 'global' && scope !== 'unspecified'
}

/**
 * Addresses at which clouds hand out credentials to whoever asks from inside the machine. Refused in every mode,
 * since a proxy that reaches them for its clients gives those credentials away.
 */
const metadata = containsAny([
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

export const isCloudMetadata = (ip: Ip): boolean => metadata(ip)

const nat64 = containsAnyBytes([cidr('64:ff9b::/96')])
const sixToFour = containsAnyBytes([cidr('2002::/16')])
const teredo = containsAnyBytes([cidr('2001::/32')])
const compatible = containsAnyBytes([cidr('::/96')])

/**
 * The addresses that must all be permitted before `ip` may be dialled.
 * NAT64 (RFC 6052 §2.1) and 6to4 (RFC 3056 §2) stand for one IPv4 address and are judged as that. A Teredo address
 * (RFC 4380 §4) names a server and a client, an ISATAP one (RFC 5214 §6.1) a tunnel end, an IPv4-compatible one
 * (RFC 4291 §2.5.5.1) an IPv4 address: there the outer address and each embedded one count.
 */
export function judgedAddresses(ip: Ip): readonly [Ip, ...Ip[]] {
  if (familyOf(ip) === 4) return [ip]
  const bytes = ipToBytes(ip)
  const v4At = (offset: number) => ipFromBytes(bytes.subarray(offset, offset + 4))
  if (nat64(bytes)) return [v4At(12)]
  if (sixToFour(bytes)) return [v4At(2)]
  // The client's address stands inverted in the last 32 bits (RFC 4380 §4).
  if (teredo(bytes)) return [ip, v4At(4), ipFromBytes(bytes.subarray(12).map((byte) => byte ^ 0xff))]
  if (isIsatap(bytes)) return [ip, v4At(12)]
  if (compatible(bytes) && scopeOfBytes(bytes) === 'global') return [ip, v4At(12)]
  return [ip]
}

/** The interface identifier is 0000:5efe or 0200:5efe followed by the IPv4 address. */
const isIsatap = (b: Uint8Array): boolean => ((b[8] ?? 0) & 0xfd) === 0 && b[9] === 0 && b[10] === 0x5e && b[11] === 0xfe
