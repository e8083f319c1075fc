/** `ringfence geoip lock`: names every file of the data in force by its hash, so that a study can be repeated. */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { type Output, outputTo, whyUnwritten } from '../../output.ts'
import { type ConfigOption, geoipWorld } from './world.ts'

export const lockCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('lock')
    .description('write a lock of the data in force: every file by its hash, for --as-of')
    .argument('[file]', 'where to', 'geoip.lock')
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nlocate, check and run take it with --as-of, whatever data is in force then. The files are kept under "files" in the folder' +
        '\nof location data; to repeat a study elsewhere, copy those that it names.',
    )
    .action((file: string, options: ConfigOption) => lock(file, options, output()))

async function lock(file: string, options: ConfigOption, out: Output): Promise<void> {
  const { location, open } = await geoipWorld(options)
  const [{ lockOf }, { version }] = await Promise.all([import('../../../geoip/lock.ts'), import('../../../version.ts')])
  const { table, refused } = await open()
  if (table === null || refused !== null)
    throw new OperatorError(`geoip lock: the data that the files hold is not in force: ${refused?.why ?? 'it makes no table'}`)
  const made = await lockOf(await location.plan(), table, location.store, version)
  await writeFile(file, `${JSON.stringify(made, null, 2)}\n`).catch((cause: NodeJS.ErrnoException) => {
    throw new OperatorError(`geoip lock: ${printable(file)} could not be written: ${whyUnwritten(cause)}`, { cause })
  })
  await out.write(
    `${file}: table ${table.hash.slice(0, 16)}…, ${made.sources.length} sources, ${made.sources.flatMap(({ files }) => files).length} files\n`,
  )
}
