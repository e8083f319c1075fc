/** `ringfence geoip status`: the location data in force: sources, roles, dates, coverage, licences, and what to know of them. */

import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import { libraryFor } from '../../../config/library.ts'
import type { CoveredSource, GeoTable } from '../../../geoip/index.ts'
import { unlocated } from '../../../geoip/table.ts'
import { isSound, selfTest, selfTestSentence } from '../../../pipeline/self-test.ts'
import { AnsweredNo } from '../../answered-no.ts'
import { type Cell, jsonLine, type Output, outputTo, table } from '../../output.ts'
import { refusalsOf } from '../../refusals.ts'
import { type ConfigOption, geoipWorld } from './world.ts'

interface Options extends ConfigOption {
  readonly json?: true
}

/** The command; its action throws AnsweredNo where the data is not what the files hold now. */
export const statusCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('status')
    .description('show the location data in force: sources, roles, dates, coverage, licences, warnings')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExit code: 0 good, 1 if data was refused, none is good, or the self-test failed.')
    .action((options: Options) => status(options, output()))

const DAY_MS = 86_400_000
/** Measured: three months move 0.5 % of addresses, eight 1.1 %. */
const OLD_DAYS = 120
/** What IPv4 can route at all. */
const ROUTABLE_V4 = 3.7e9

async function status(options: Options, out: Output): Promise<void> {
  const world = await geoipWorld(options)
  const { table: geo, refused } = await world.open()
  const editions = await world.location.store.read()
  const { apps, rangesProblem } = libraryFor(world.settings)
  const tested = await selfTest({
    policy: world.policy,
    locator: geo ?? { hash: 'none', locate: unlocated },
    table: geo,
    refusals: refusalsOf(world.settings),
    apps,
    clock: systemClock,
  })
  const held = editions.generations.find(({ number }) => number === editions.held)
  const current = editions.generations.find(({ number }) => number === editions.current)
  if (options.json) {
    await out.write(
      jsonLine({
        ...(geo === null ? { table: null } : asJson(geo, systemClock.now())),
        refused,
        current: current ?? null,
        held: held ?? null,
        self_test: tested,
        app_ranges_refused: rangesProblem,
      }),
    )
  } else {
    const lines = [
      ...(isSound(tested) ? [] : [`${selfTestSentence(tested)}\n\n`]),
      geo === null ? 'No location data is good: whatever needs a country is blocked.\n' : asText(geo, systemClock.now(), out),
      ...(refused === null ? [] : [`\nNot taken: ${refused.why}\n`]),
      ...(rangesProblem === null ? [] : [`\nNot taken: ${rangesProblem}\n`]),
      current === undefined
        ? ''
        : `\nDownloaded edition ${current.number} of ${current.at.slice(0, 10)} is in force; "ringfence geoip rollback" goes back.\n`,
      held === undefined
        ? ''
        : `\nEdition ${held.number} of ${held.at.slice(0, 10)} waits: "ringfence geoip diff" shows it, "ringfence geoip update --accept" takes it.\n`,
    ]
    if (isSound(tested)) lines.push(`\n${selfTestSentence(tested)}\n`)
    await out.write(lines.join(''))
  }
  if (geo === null || refused !== null || !isSound(tested)) throw new AnsweredNo()
}

const ageOf = (date: string | null, now: number): number | null => (date === null ? null : Math.floor((now - Date.parse(date)) / DAY_MS))

function asText(geo: GeoTable, now: number, out: Output): string {
  const columns = [
    { head: 'source' },
    { head: 'role' },
    { head: 'data of' },
    { head: 'days old', align: 'right' as const },
    { head: 'of IPv4', align: 'right' as const },
    { head: 'IPv6 /48', align: 'right' as const },
    { head: 'licence', least: 8 },
  ]
  const { size, hash, warnings } = geo
  const remarks = warnings.map((line) => `  ${line}\n`).join('')
  const credits = [...new Set(geo.sources.flatMap(({ attribution }) => attribution ?? []))].map((line) => `${line}\n`).join('')
  const ranges = `${size.v4Ranges.toLocaleString('en')} IPv4 and ${size.v6Ranges.toLocaleString('en')} IPv6 ranges, ${size.networks.toLocaleString('en')} networks`
  return `${table(
    columns,
    geo.sources.map((source) => row(source, now)),
    out,
  )}\nTable ${hash.slice(0, 16)}…: ${ranges}, ${(size.bytes / 1e6).toFixed(1)} MB\n${remarks === '' ? '' : `\nTo know:\n${remarks}`}\n${credits}`
}

function row({ name, role, date, coverage, licence }: CoveredSource, now: number): readonly Cell[] {
  const age = ageOf(date, now)
  return [
    name,
    role,
    date ?? '-',
    age === null ? '-' : { text: String(age), style: age > OLD_DAYS ? 'yellow' : 'plain' },
    share(coverage.v4),
    coverage.v6 === 0 ? '-' : compact.format(coverage.v6),
    licence ?? '-',
  ]
}

/** 17.6T: a database that answers for the whole space, used or not, has as many. */
const compact = new Intl.NumberFormat('en', { notation: 'compact' })

function share(addresses: number): string {
  const percent = Math.min(100, (100 * addresses) / ROUTABLE_V4)
  if (addresses === 0) return '-'
  return percent < 0.01 ? '<0.01 %' : `${percent < 10 ? percent.toFixed(2) : percent.toFixed(1)} %`
}

const asJson = (geo: GeoTable, now: number) => ({
  table: {
    hash: geo.hash,
    size: geo.size,
    sources: geo.sources.map((source) => ({ ...source, age_days: ageOf(source.date, now) })),
    warnings: geo.warnings,
  },
})
