/** `ringfence users remove`: from the next request on that name and password are worth nothing. */
import { Command } from 'commander'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { didYouMean } from '../../../model/suggest.ts'
import type { Output } from '../../output.ts'
import { existing, type FileOptions } from './file.ts'

export const removeCommand = (output: () => Output): Command =>
  new Command('remove')
    .usage('<name> [options]')
    .description('remove a user; what is open goes on to its end')
    .argument('<name>', 'as "users list" shows it')
    .option('--users <file>', 'the file (default: what the settings say, else users.yaml)')
    .option('--config <file>', 'settings file')
    .action((name: string, options: FileOptions) => remove(name, options, output()))

async function remove(name: string, options: FileOptions, out: Output): Promise<void> {
  const [{ parseUsers }, { replaceFile, withoutUser }] = await Promise.all([
    import('../../../config/users.ts'),
    import('../../../config/users-file.ts'),
  ])
  const { path, text, missingLine } = existing(options)
  const names = parseUsers(text, path).map((user) => user.name)
  if (!names.includes(name)) throw new OperatorError(`users remove: ${path} has no user "${printable(name)}"${didYouMean(name, names)}`)
  await replaceFile(path, withoutUser(text, path, name))
  await out.write(
    `Removed: ${name}.${missingLine === null ? ' A running proxy takes it within seconds; connections that are open go on.' : ''}\n`,
  )
}
