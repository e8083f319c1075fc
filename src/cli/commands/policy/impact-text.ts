/** What enforcing would have done, for people: one sentence, then by fence, app, country and user, then examples. */

import { formatEndpoint } from '../../../model/address.ts'
import type { AppCatalogue } from '../../../model/app.ts'
import { countryLabel, isCountryCode } from '../../../model/country.ts'
import type { Millis } from '../../../model/flow.ts'
import { flowColumns } from '../../flow-table.ts'
import { type Column, type Output, paint, table } from '../../output.ts'
import type { Breakdown, Row } from './breakdown.ts'
import { appName, type Example, type FenceCount, type ImpactCount, NO_APP, type Noticed, noticed, placesOf, whoOf } from './impact-count.ts'
import { count, escaped, type Looked, leftOutLines } from './replayed.ts'

export interface Impact {
  /** As it was asked for. */
  readonly policy: string
  /** Of the fences that judge, in the policy's order. */
  readonly fences: readonly string[]
  readonly looked: Looked
  readonly counted: ImpactCount
  /** `flows of the last 7 days`: `flowsInWords`. */
  readonly period: string
  readonly apps: AppCatalogue
  readonly sentenceOf: (example: Example) => string
}

type Paper = Pick<Output, 'width' | 'colour'>

/** So many rows of a table; the rest is in the JSON. */
const ROWS = 15

export function impactText(impact: Impact, now: Millis, paper: Paper): string {
  const { counted, apps } = impact
  const parts = [
    [answer(impact), ...besides(impact)].map((line) => `${line}\n`).join(''),
    fenceTable(impact, paper),
    breakdownTable('APP', counted.byApp, (key) => (key === NO_APP ? 'no known app' : appName(key, apps)), paper),
    breakdownTable('COUNTRY', counted.byCountry, (key) => (isCountryCode(key) ? countryLabel(key) : key), paper),
    breakdownTable('USER OR CLIENT', counted.byUser, (key) => key, paper),
    ...noticed.map((what) => exampleList(what, impact, now, paper)),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** `Enforcing no-cn would have blocked 3 of 1,204 flows of the last 7 days, and flagged 12.` */
function answer({ policy, looked, counted, period }: Impact): string {
  const { block, steer, log } = counted.fates
  const flows = `${block === 0 ? 'none' : number(block)} of ${number(looked.judged)} ${period}`
  const also = [...(steer > 0 ? [`steered ${number(steer)}`] : []), ...(log > 0 ? [`flagged ${number(log)}`] : [])]
  const more = also.length === 0 ? '' : `, ${also.length === 2 ? `${also[0]} and ${also[1]}` : `and ${also[0]}`}`
  return `Enforcing ${escaped(policy)} would have blocked ${flows}${more}.`
}

function besides({ looked, counted }: Impact): readonly string[] {
  const { fates, blockedThen } = counted
  return [
    ...(fates.steer > 0 ? ['Steered: some addresses of the destination are left out, others are reached.'] : []),
    ...(blockedThen > 0
      ? [`Of those blocked, ${number(blockedThen)} ${blockedThen === 1 ? 'was' : 'were'} blocked at the time, too.`]
      : []),
    ...(fates.refused > 0
      ? [`${count(fates.refused, 'flow is', 'flows are')} refused under every policy, and not counted as blocked.`]
      : []),
    ...leftOutLines(looked),
    'Judged by the places that were recorded with each flow, not by the data of today.',
  ]
}

function fenceTable({ fences, looked, counted }: Impact, paper: Paper): string {
  const rows = fenceRows(counted.byFence)
  const untouched = fences.filter((name) => !counted.byFence.has(name))
  const idle = untouched.length === 0 ? '' : `No flow met ${untouched.length === 1 ? 'fence' : 'fences'} ${untouched.join(', ')}.\n`
  if (rows.length === 0) return idle
  const columns = [{ head: 'FENCE', least: 12 }, ...figures('BLOCKED', 'SHARE', 'ALONE', 'WITH OTHERS', 'STEERED', 'FLAGGED')]
  const cells = rows.map(([name, { blocked, alone, steered, flagged }]) => [
    name,
    figure(blocked),
    share(blocked, looked.judged),
    figure(alone),
    figure(blocked - alone),
    figure(steered),
    figure(flagged),
  ])
  return `${table(columns, cells, paper)}Alone: without this fence the flow would have passed.\n${idle}`
}

export const fenceRows = (byFence: ReadonlyMap<string, FenceCount>): readonly (readonly [string, FenceCount])[] =>
  [...byFence].sort(([, a], [, b]) => b.blocked - a.blocked || b.steered - a.steered || b.flagged - a.flagged)

function breakdownTable(head: string, breakdown: Breakdown, label: (key: string) => string, paper: Paper): string {
  const rows = breakdown.touched()
  if (rows.length === 0) return ''
  const columns = [{ head, least: 12 }, ...figures('FLOWS', 'BLOCKED', 'SHARE', 'STEERED', 'FLAGGED')]
  const cells = rows.slice(0, ROWS).map((row) => breakdownCells(row, label))
  const more = rows.length > ROWS ? `and ${number(rows.length - ROWS)} more\n` : ''
  return table(columns, cells, paper) + more
}

const breakdownCells = ({ key, flows, blocked, steered, flagged }: Row, label: (key: string) => string): readonly string[] => [
  label(key),
  figure(flows),
  figure(blocked),
  share(blocked, flows),
  figure(steered),
  figure(flagged),
]

const titles: Readonly<Record<Noticed, string>> = { block: 'Blocked', steer: 'Steered', log: 'Flagged' }

/** Each with its whole sentence on a line of its own: no terminal may cut that. */
function exampleList(what: Noticed, { counted, sentenceOf }: Impact, now: Millis, paper: Paper): string {
  const examples = counted.examples[what].list()
  if (examples.length === 0) return ''
  const columns = ['time', 'who', 'asked', 'address', 'place'].map((head) => ({ head }))
  const rows = examples.map((example) => exampleCells(example, now))
  const [, ...lines] = table(columns, rows, { ...paper, width: Number.POSITIVE_INFINITY })
    .trimEnd()
    .split('\n')
  const told = lines.map((line, i) => `  ${line}\n    ${escaped(sentenceOf(examples[i] as Example))}\n`)
  const all = counted.fates[what]
  const title =
    all > examples.length ? `${titles[what]}, the newest ${number(examples.length)} of ${number(all)}:` : `${titles[what]}, newest first:`
  return `${paper.colour ? paint(title, 'bold') : title}\n${told.join('')}`
}

function exampleCells({ record, fated }: Example, now: Millis) {
  const [first] = fated.because
  return [
    timeColumn?.cell(record, now) ?? record.time,
    whoOf(record),
    formatEndpoint({ host: record.asked, port: record.port }),
    first?.ip ?? '-',
    first === undefined ? '-' : placesOf([first]).join(', '),
  ]
}

const timeColumn = flowColumns.find(({ head }) => head === 'TIME')

const figures = (...heads: readonly string[]): readonly Column[] => heads.map((head) => ({ head, align: 'right' }))

const number = (n: number): string => n.toLocaleString('en')

/** Nothing stands out better than a zero does. */
const figure = (n: number): string => (n === 0 ? '-' : number(n))

function share(part: number, whole: number): string {
  if (part === 0) return '-'
  const percent = (100 * part) / whole
  if (percent === 100) return '100 %'
  return percent < 0.1 ? '<0.1 %' : `${percent.toFixed(1)} %`
}
