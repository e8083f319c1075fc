/** How many files and sockets this process may have open. */
import { readFileSync } from 'node:fs'

/** Where nothing can be found out, as on Windows, where nothing limits sockets. */
const AMPLE = 65_536

/** Kept for what is no client: the journal, data files, name servers, the page, and a few more. */
const RESERVE = 64

/** The limit that is in force: Node raises it to the hard one when it starts. */
export function descriptorLimit(read: () => string = () => readFileSync('/proc/self/limits', 'utf8')): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(read())?.[1]
    if (soft !== undefined) return asNumber(soft)
  } catch {
    // Only Linux has it.
  }
  return reported()
}

/** The connections of clients that a process with so many descriptors can have: a tunnel takes two. */
export const connectionsFor = (descriptors: number): number => Math.max(8, Math.floor((descriptors - RESERVE) / 2))

/** Node's report on the process, which takes a moment. */
function reported(): number {
  const text = JSON.stringify(process.report.getReport())
  const soft = /"open_files":\{"soft":"?(\d+|unlimited)"?/.exec(text)?.[1]
  return soft === undefined ? AMPLE : asNumber(soft)
}

const asNumber = (soft: string): number => (soft === 'unlimited' ? AMPLE : Math.min(Number(soft), 1_048_576))
