/** Two policies side by side, for people: one sentence, how they differ as documents, the destinations, the totals. */
import { formatEndpoint } from '../../../model/address.ts'
import type { Output } from '../../output.ts'
import { type Cell, table } from '../../output.ts'
import { type DocumentChanges, documentLine } from './document-changes.ts'
import type { Fate } from './fate.ts'
import { count, escaped, type Looked, leftOutLines, noRecords } from './replayed.ts'
import { isTighter, type Transition, type VerdictChange, type VerdictChanges } from './verdict-changes.ts'

export interface Difference {
  /** As they were asked for. */
  readonly a: string
  readonly b: string
  readonly documents: DocumentChanges
  readonly looked: Looked
  readonly changes: VerdictChanges
  /** `flows of the last 7 days`: `flowsInWords`. */
  readonly period: string
}

type Paper = Pick<Output, 'width' | 'colour'>

/** So many rows; the rest is in the JSON. */
const ROWS = 30

export function diffText(difference: Difference, paper: Paper): string {
  const { documents, looked, changes } = difference
  const totals = changes.totals()
  const head = [answer(difference, totals), escaped(documentLine(documents)), ...leftOutLines(looked)].map((line) => `${line}\n`).join('')
  if (totals.length === 0) return head
  return [head, changeTable(changes, paper), totalTable(totals, paper)].join('\n')
}

/** `From a to b, 3 of 1,204 flows of the last 7 days change verdict: 2 are newly blocked, 1 no longer.` */
function answer({ a, b, looked, period }: Difference, totals: readonly Transition[]): string {
  const from = `From ${escaped(a)} to ${escaped(b)}`
  if (looked.judged === 0)
    return looked.found === 0
      ? `${from}, what changes is not known: ${noRecords(looked, period, a).trimEnd()}`
      : `${from}, no flow can be judged again.`
  const changed = sum(totals)
  const all = `${looked.judged.toLocaleString('en')} ${period}`
  if (changed === 0) return `${from}, none of ${all} changes verdict.`
  const newly = sum(totals.filter(({ to }) => to === 'block'))
  const freed = sum(totals.filter(({ from: was }) => was === 'block'))
  const told = [
    ...(newly > 0 ? [`${newly.toLocaleString('en')} newly blocked`] : []),
    ...(freed > 0 ? [`${freed.toLocaleString('en')} no longer blocked`] : []),
  ]
  return `${from}, ${changed.toLocaleString('en')} of ${all} ${changed === 1 ? 'changes' : 'change'} verdict${told.length === 0 ? '' : `: ${told.join(', ')}`}.`
}

function changeTable(changes: VerdictChanges, paper: Paper): string {
  const all = changes.list()
  const columns = [
    { head: 'A' },
    { head: 'B' },
    { head: 'FLOWS', align: 'right' as const },
    { head: 'DESTINATION', least: 16 },
    { head: 'ADDRESS', spare: 1 },
    { head: 'PLACE' },
    { head: 'USER OR CLIENT', least: 9 },
    { head: 'DECIDED BY', least: 12 },
  ]
  const hidden = all.length - ROWS
  const more = hidden > 0 ? `and ${count(hidden, 'more destination', 'more destinations')} (--json lists them)\n` : ''
  const unlisted =
    changes.unlisted === 0 ? '' : `and ${count(changes.unlisted, 'flow', 'flows')} to more destinations than are told apart\n`
  return table(columns, all.slice(0, ROWS).map(cellsOf), paper) + more + unlisted
}

const cellsOf = ({ from, to, flows, asked, port, address, places, who, fences }: VerdictChange): readonly Cell[] => [
  words[from],
  to === 'block' ? { text: words[to], style: 'red' } : words[to],
  flows.toLocaleString('en'),
  formatEndpoint({ host: asked, port }),
  address ?? '-',
  places.join(', ') || '-',
  who,
  `${isTighter(from, to) ? 'B' : 'A'}: ${fences.join(', ')}`,
]

const words: Readonly<Record<Fate, string>> = {
  allow: 'allowed',
  log: 'flagged',
  steer: 'steered',
  block: 'blocked',
  refused: 'refused',
}

function totalTable(totals: readonly Transition[], paper: Paper): string {
  const columns = [{ head: 'A' }, { head: 'B' }, { head: 'FLOWS', align: 'right' as const }]
  return table(
    columns,
    totals.map(({ from, to, flows }) => [words[from], words[to], flows.toLocaleString('en')]),
    paper,
  )
}

const sum = (totals: readonly Transition[]): number => totals.reduce((all, { flows }) => all + flows, 0)
