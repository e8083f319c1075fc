/** `ringfence geoip diff`: what data that waits, or another edition, would change for the recorded traffic. */
import { Command } from 'commander'
import type { GeoTable } from '../../../geoip/index.ts'
import { OperatorError } from '../../../model/errors.ts'
import { jsonLine, type Output, outputTo } from '../../output.ts'
import { impactOf, impactText } from './impact.ts'
import { type ConfigOption, type GeoipWorld, geoipWorld } from './world.ts'

interface Options extends ConfigOption {
  readonly to?: string
  readonly json?: true
}

export const diffCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('diff')
    .description('show how data that waits, or another edition, would move your recent destinations and verdicts')
    .option('--to <number>', 'compare with this downloaded edition; 0: the data as shipped')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .action((options: Options) => diff(options, output()))

async function diff(options: Options, out: Output): Promise<void> {
  const world = await geoipWorld(options)
  const { before, after } = await twoTables(world, options.to)
  const { refusalsOf } = await import('../../refusals.ts')
  const impact = await impactOf(before, after, world.settings, world.policy, refusalsOf(world.settings))
  await out.write(options.json ? jsonLine(impact) : impactText(impact))
}

async function twoTables(world: GeoipWorld, to: string | undefined): Promise<{ readonly before: GeoTable; readonly after: GeoTable }> {
  const { openTable, reopenTable } = await import('../../../geoip/index.ts')
  const { location } = world
  const { table: before, refused } = await world.open()
  if (before === null)
    throw new OperatorError(`geoip diff: no data is in force to compare with${refused === null ? '' : ` (${refused.why})`}`)
  const editions = await location.store.read()
  const wanted = to === undefined ? editions.held : Number(to)
  if (to !== undefined && wanted !== 0 && !editions.generations.some(({ number }) => number === wanted)) {
    throw new OperatorError(
      `geoip diff: --to: there is no edition "${to}" (there are ${editions.generations.map(({ number }) => number).join(', ') || 'none'})`,
    )
  }
  if (wanted !== null) {
    const generation = editions.generations.find(({ number }) => number === wanted)
    return { before, after: await openTable(await location.planAt(generation), location) }
  }
  // A file that was replaced and refused: it was built, so the cache has it.
  const after = refused?.key == null ? null : await reopenTable(refused.key, location)
  if (after === null)
    throw new OperatorError(
      `geoip diff: nothing waits${refused === null ? '; --to names a downloaded edition' : ` that could be read: ${refused.why}`}`,
    )
  return { before, after }
}
