/** Networks in CIDR form (RFC 4632, RFC 4291 §2.3): parsed once, then asked whether they contain an address. */
import { type Family, familyOf, type Ip, ipFromBytes, ipToBytes, parseIp } from './address.ts'

export interface Cidr {
  readonly ip: Ip
  readonly family: Family
  /** Prefix length in bits: 0–32 or 0–128. */
  readonly bits: number
}

export type CidrProblem = 'not-an-address' | 'bad-length' | 'host-bits-set'

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Host bits must be zero: `10.1.2.3/8` is more often a typing error than meant. */
export function parseCidr(text: string): Cidr | { readonly problem: CidrProblem; readonly suggestion?: string } {
  const slash = text.indexOf('/')
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash))
  if (ip === null) return { problem: 'not-an-address' }
  const family = familyOf(ip)
  const width = family === 4 ? 32 : 128
  if (slash < 0) return { ip, family, bits: width }
  const length = text.slice(slash + 1)
  if (!/^[0-9]{1,3}$/.test(length)) return { problem: 'bad-length' }
  // `::ffff:10.0.0.0/104` is 10.0.0.0/8: the address was folded into IPv4, so its prefix is too.
  const bits = Number(length) - (family === 4 && text.includes(':') ? 96 : 0)
  if (bits < 0 || bits > width) return { problem: 'bad-length' }
  const network = maskIp(ip, bits)
  if (network !== ip) return { problem: 'host-bits-set', suggestion: `${network}/${bits}` }
  return { ip, family, bits }
}

export const isCidr = (parsed: Cidr | { problem: CidrProblem }): parsed is Cidr => !('problem' in parsed)

/** For prefixes written in this program's own tables; throws on a bad one. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (!isCidr(parsed)) throw new Error(`bad prefix ${text}: ${parsed.problem}`)
  return parsed
}

export const formatCidr = (network: Cidr): string => `${network.ip}/${network.bits}`

function maskIp(ip: Ip, bits: number): Ip {
  const bytes = ipToBytes(ip)
  for (let i = 0; i < bytes.length; i++) {
    const keep = Math.max(0, Math.min(8, bits - 8 * i))
    bytes[i] = (bytes[i] ?? 0) & (0xff << (8 - keep))
  }
  return ipFromBytes(bytes)
}
