/** Names as policies and filters write them, with one meaning everywhere. */
import { type Hostname, type HostProblem, isHost, isUnder, parseHost, printable } from './hostname.ts'

/** `zoom.us`: that name alone. `*.zoom.us`: every name below it. `.zoom.us`: both. */
export interface HostPattern {
  readonly name: Hostname
  readonly itself: boolean
  readonly below: boolean
}

/** Reads a pattern; the name in it is canonicalised like any other. Never throws. */
export function parseHostPattern(text: string): HostPattern | HostProblem {
  const [, prefix = '', rest = ''] = /^(\*\.|\.)?(.*)$/s.exec(text) ?? []
  if (rest.includes('*')) return { problem: `"${printable(text)}": a star may only stand in front of a name, as in "*.example.com"` }
  const host = parseHost(rest)
  if (rest === '') return { problem: `"${printable(text)}" names no host` }
  if (!isHost(host)) return /[:/]/.test(rest) ? { problem: `"${printable(text)}" is more than a host name; write the name alone` } : host
  if (host.kind === 'ip') return { problem: `"${printable(text)}" is an address, not a name` }
  return { name: host.name, itself: prefix !== '*.', below: prefix !== '' }
}

export const isHostPattern = (parsed: HostPattern | HostProblem): parsed is HostPattern => 'name' in parsed

export const formatHostPattern = ({ name, itself, below }: HostPattern): string => `${below ? (itself ? '.' : '*.') : ''}${name}`

/** The same from what `formatHostPattern` wrote, at a fraction of the cost. */
export function patternOf(canonical: string): HostPattern {
  const itself = !canonical.startsWith('*')
  const below = !itself || canonical.startsWith('.')
  return { name: canonical.slice(below ? (itself ? 1 : 2) : 0) as Hostname, itself, below }
}

export const matchesHostPattern = ({ name, itself, below }: HostPattern, host: string): boolean =>
  host === name ? itself : below && isUnder(host, name)
