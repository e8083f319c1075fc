/**
 * Which process listens on a TCP address, as Linux's /proc tells (proc(5)): of other users' processes it tells root
 * alone. Elsewhere nobody is known.
 */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { endianness } from 'node:os'
import { type Endpoint, type Ip, ipToBytes } from '../../model/address.ts'
import { scopeOf } from '../../model/scope.ts'

export interface Listener {
  readonly pid: number
  readonly name: string
  /** Paths of the Unix sockets that it has open. */
  readonly sockets: readonly string[]
}

/** The first process found to listen there; `null` where none is, or /proc does not say. */
export async function listenerOn(endpoint: Endpoint<Ip>): Promise<Listener | null> {
  const [tcp, tcp6, unix] = await Promise.all(['tcp', 'tcp6', 'unix'].map((name) => textOf(`/proc/net/${name}`)))
  const wanted = new Set([...listeningInodes(tcp ?? '', endpoint), ...listeningInodes(tcp6 ?? '', endpoint)])
  if (wanted.size === 0) return null
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const inodes = await socketsOf(pid)
    if (!inodes.some((inode) => wanted.has(inode))) continue
    const name = (await textOf(`/proc/${pid}/comm`)).trim()
    return { pid: Number(pid), name: name === '' ? '?' : name, sockets: pathsOf(unix ?? '', new Set(inodes)) }
  }
  return null
}

/** Inodes of the sockets in a /proc/net/tcp or tcp6 that listen where this endpoint would. */
export function listeningInodes(text: string, { host, port }: Endpoint<Ip>): readonly string[] {
  const own = hexOf(host)
  const any = scopeOf(host) === 'unspecified'
  return text.split('\n').flatMap((line) => {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const [address = '', hexPort = ''] = local.split(':')
    const overlaps = any || address === own || /^0+$/.test(address)
    return state === LISTEN && Number.parseInt(hexPort, 16) === port && overlaps && inode !== undefined ? [inode] : []
  })
}

/** The paths in a /proc/net/unix of these inodes. */
export const pathsOf = (text: string, inodes: ReadonlySet<string>): readonly string[] =>
  text.split('\n').flatMap((line) => {
    // Num RefCount Protocol Flags Type St Inode Path
    const [, inode, path] = /^\S+ \S+ \S+ \S+ \S+ \S+ +([0-9]+) (.+)$/.exec(line) ?? []
    return inode !== undefined && path !== undefined && inodes.has(inode) ? [path] : []
  })

const LISTEN = '0A'

/** Addresses are printed as 32-bit numbers in the machine's own byte order. */
function hexOf(ip: Ip): string {
  const bytes = Buffer.from(ipToBytes(ip))
  return (endianness() === 'LE' ? bytes.swap32() : bytes).toString('hex').toUpperCase()
}

const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')

async function socketsOf(pid: string): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`
  const targets = (await readdir(folder).catch(() => [])).map((fd) => readlink(`${folder}/${fd}`).catch(() => ''))
  return (await Promise.all(targets)).flatMap((target) => /^socket:\[([0-9]+)\]$/.exec(target)?.[1] ?? [])
}
