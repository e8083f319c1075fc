/** `ringfence users list`: names and groups; hashes are nobody's business. */
import { Command } from 'commander'
import { jsonLine, type Output, table } from '../../output.ts'
import { existing, type FileOptions } from './file.ts'

interface Options extends FileOptions {
  readonly json?: true
}

export const listCommand = (output: () => Output): Command =>
  new Command('list')
    .description('list the users and their groups')
    .option('--json', 'one JSON object a line')
    .option('--users <file>', 'the file (default: what the settings say, else users.yaml)')
    .option('--config <file>', 'settings file')
    .action((options: Options) => list(options, output()))

async function list(options: Options, out: Output): Promise<void> {
  const { parseUsers } = await import('../../../config/users.ts')
  const { path, text } = existing(options)
  const users = parseUsers(text, path).map(({ name, groups }) => ({ name, groups }))
  if (options.json) return await out.write(users.map(jsonLine).join(''))
  const columns = [{ head: 'name' }, { head: 'groups', least: 10 }]
  await out.write(
    table(
      columns,
      users.map(({ name, groups }) => [name, groups.join(', ')]),
      out,
    ),
  )
}
