/** How a flow is shown as a row: the columns of `ringfence flows`, their marks and their few words. */
import { formatEndpoint } from '../model/address.ts'
import { errorKinds } from '../model/errors.ts'
import type { Millis } from '../model/flow.ts'
import type { Reason } from '../model/verdict.ts'
import { type ShownVerdict, shownVerdict } from '../records/filter.ts'
import { cameToNothing, type FlowRecord } from '../records/record.ts'
import { type Cell, type Column, formatBytes, formatDuration } from './output.ts'

export interface FlowColumn extends Column {
  readonly cell: (record: FlowRecord, now: Millis) => Cell
  /** What a column is made wide enough for before its rows are known. */
  readonly usual: string
  readonly whenEnded?: true
}

const dash = '-'

/** In the order in which they stand. */
export const flowColumns: readonly FlowColumn[] = [
  { head: 'TIME', usual: '12:34:56', cell: ({ time }, now) => localTime(new Date(time), new Date(now)) },
  { head: 'VERDICT', usual: '□ Would block', cell: verdictCell },
  { head: 'COUNTRY', usual: 'US/DE?', cell: countryCell },
  {
    head: 'DESTINATION',
    least: 16,
    usual: 'a-name-of-usual-length.example.com:443',
    cell: ({ asked, port }) => formatEndpoint({ host: asked, port }),
  },
  { head: 'ADDRESS', spare: 1, usual: '255.255.255.255', cell: ({ address }) => address ?? dash },
  {
    head: 'UP',
    align: 'right',
    spare: 2,
    whenEnded: true,
    usual: '',
    cell: (record) => volume(record.up, record),
  },
  {
    head: 'DOWN',
    align: 'right',
    spare: 3,
    whenEnded: true,
    usual: '',
    cell: (record) => volume(record.down, record),
  },
  {
    head: 'DURATION',
    align: 'right',
    spare: 4,
    whenEnded: true,
    usual: '',
    cell: ({ duration_ms: ms }) => (ms === null ? dash : formatDuration(ms)),
  },
  { head: 'REASON', least: 12, usual: 'fence "a-fence": sources differ', cell: reasonCell },
]

/** Without a connection there is none. */
const volume = (bytes: number | null, record: FlowRecord): Cell =>
  bytes === null || record.ending === 'blocked' || cameToNothing(record) ? dash : formatBytes(bytes)

/** The marks and words of the page (design/README.md). A flow whose addresses were in part left out says so. */
function verdictCell(record: FlowRecord): Cell {
  const words: Readonly<Record<ShownVerdict, Cell>> = {
    allow: '● Allowed',
    log: { text: '▲ Flagged', style: 'yellow' },
    block: { text: '■ Blocked', style: 'red' },
    'would-block': { text: '□ Would block', style: 'red' },
    'not-reached': { text: '– Not reached', style: 'dim' },
  }
  const shown = shownVerdict(record)
  if (record.would === 'steer' && shown !== 'not-reached') return record.mode === 'observe' ? '● Would steer' : '● Steered'
  return words[shown]
}

function countryCell({ certainty, country, possible }: FlowRecord): Cell {
  switch (certainty) {
    case 'local':
    case 'anycast':
      return certainty
    case 'disputed': {
      const others = possible.filter((code) => code !== country)
      const named = country === null ? others : [country, ...others]
      return `${named.slice(0, 3).join('/')}${named.length > 3 ? '/…' : ''}?`
    }
    case 'agreed':
      return country ?? possible.join('/')
    default:
      return dash
  }
}

/** The reason in few words, and how many datagrams were dropped for it after the first ones. */
function reasonCell(record: FlowRecord): Cell {
  const { dropped } = record
  return dropped === null ? why(record) : `${why(record)}, ${dropped} more ${dropped === 1 ? 'datagram' : 'datagrams'} dropped`
}

/** The strongest reason, or else why a flow that was let through failed; the whole sentence is in the record. */
function why({ reasons, code, ending, message }: FlowRecord): string {
  const effects = ['block', 'log', 'allow'] as const
  // What says no by itself, without an effect, comes before any fence.
  const rank = (reason: Reason) => ('effect' in reason ? effects.indexOf(reason.effect) : -1)
  const told = reasons.filter((reason) => rank(reason) < 2).sort((a, b) => rank(a) - rank(b))
  const [first, ...more] = new Set(told.map(reasonPhrase))
  if (first === undefined && ending === 'interrupted') return 'the proxy ended before this flow did'
  if (first === undefined) return code === null ? '' : saysOf(code, message)
  return more.length === 0 ? first : `${first} (+${more.length})`
}

function reasonPhrase(reason: Reason): string {
  switch (reason.kind) {
    case 'fence': {
      const doubts: Readonly<Record<string, string>> = { disputed: ': sources differ', unknown: ': place unknown', anycast: ': anycast' }
      return `fence "${reason.fence}"${doubts[reason.outcome] ?? ''}`
    }
    case 'local-network':
      return 'local_network'
    case 'refusal':
      return saysOf(reason.code, null)
    case 'error':
      return saysOf(reason.code, reason.message)
    default:
      return reason satisfies never
  }
}

/** A code that another version wrote is none of our words. */
const saysOf = (code: string, message: string | null): string =>
  code in errorKinds ? errorKinds[code as keyof typeof errorKinds].says : (message ?? 'a reason that this version does not know')

function localTime(at: Date, now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return day(at) === day(now) ? time : `${day(at)} ${time}`
}
