/** `ringfence geoip rollback`: back to an earlier edition of the downloaded data, or to the data as shipped. */
import { Command } from 'commander'
import { OperatorError } from '../../../model/errors.ts'
import { type Output, outputTo } from '../../output.ts'
import { type ConfigOption, geoipWorld } from './world.ts'

export const rollbackCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('rollback')
    .description('go back to the edition before, or to the one named; 0: the data as shipped')
    .argument('[number]', 'of an edition; default: the one before the current one')
    .option('--config <file>', 'settings file')
    .action((number: string | undefined, options: ConfigOption) => rollback(number, options, output()))

async function rollback(wanted: string | undefined, options: ConfigOption, out: Output): Promise<void> {
  const { location } = await geoipWorld(options)
  const { acceptByHand, openAccepted } = await import('../../../geoip/accepted-table.ts')
  const { current, generations, before } = await location.store.read()
  const numbers = generations.map(({ number }) => number)
  const there = `there are 0 (as shipped)${numbers.length === 0 ? '' : `, ${numbers.join(', ')}`}; in force is ${current}`
  // Only what was in force: an edition that was refused or held is taken by its number alone.
  const last = before.findLast((number) => number === 0 || numbers.includes(number)) ?? 0
  const to = wanted === undefined ? last : Number(wanted)
  if (to !== 0 && !numbers.includes(to)) throw new OperatorError(`geoip rollback: there is no edition "${wanted}" (${there})`)
  if (to === current) throw new OperatorError(`geoip rollback: edition ${to} is in force already (${there})`)
  const generation = generations.find(({ number }) => number === to)
  // Older data would be refused without a person's word: this command is that word.
  const { table, refused } = await openAccepted(await location.planAt(generation), location)
  const key = refused === null ? table?.key : refused.key
  if (key == null) throw new OperatorError(`geoip rollback: edition ${to} can't be used: ${refused?.why ?? 'it makes no table'}`)
  await acceptByHand(key, location.ledger)
  await location.store.use(to)
  await out.write(
    `In force: ${to === 0 ? 'the data as shipped' : `edition ${to} of ${generation?.at.slice(0, 10)}`}. A running proxy takes it within seconds.\n`,
  )
}
