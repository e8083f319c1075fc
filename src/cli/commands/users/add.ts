/** `ringfence users add`: a user more, or another password and other groups for one that is there. */
import { Command } from 'commander'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import type { Output } from '../../output.ts'
import type { Asking } from '../../password-prompt.ts'
import { type FileOptions, usersFile } from './file.ts'

interface Options extends FileOptions {
  readonly group?: readonly string[]
  readonly generate?: true
  readonly passwordStdin?: true
  readonly replace?: true
}

const oneMore = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const addCommand = (output: () => Output, asking?: Asking): Command =>
  new Command('add')
    .usage('<name> [options]')
    .description('add a user; the password is asked for, or read from the input')
    .argument('<name>', 'lower-case letters, digits, dots, hyphens, "_" and "@"')
    .option('--group <group>', 'a group of this user, which fences may name; once for each', oneMore)
    .option('--generate', 'make the password, and print it')
    .option('--password-stdin', 'read the password from the input, also where that is a terminal')
    .option('--replace', 'where there is a user of this name: another password, and other groups if any are given')
    .option('--users <file>', 'the file (default: what the settings say, else users.yaml)')
    .option('--config <file>', 'settings file')
    .action((name: string, options: Options) => add(name, options, output(), asking))

async function add(name: string, options: Options, out: Output, asking: Asking | undefined): Promise<void> {
  const [{ askPassword }, { generatePassword, passwordProblem }, { hashPassword }, { parseUsers, userNameProblem }, files, { groupName }] =
    await Promise.all([
      import('../../password-prompt.ts'),
      import('../../../config/new-password.ts'),
      import('../../../config/password-hash.ts'),
      import('../../../config/users.ts'),
      import('../../../config/users-file.ts'),
      import('../../../config/names.ts'),
    ])
  const badName = userNameProblem(name)
  if (badName !== null) throw new OperatorError(`users add: the name "${printable(name)}" ${badName}`)
  for (const group of options.group ?? []) {
    const bad = groupName.safeParse(group).error?.issues[0]?.message
    if (bad !== undefined) throw new OperatorError(`users add: the group "${printable(group)}" ${bad}`)
  }
  // What is wrong with the file is told before anybody has thought of a password.
  const { path, text, missingLine } = usersFile(options)
  const before = text === null ? undefined : parseUsers(text, path).find((user) => user.name === name)
  if (before !== undefined && options.replace !== true)
    throw new OperatorError(`users add: ${path} has a user "${name}" already; --replace gives another password`)

  const password = options.generate ? generatePassword() : await askPassword(name, options.passwordStdin === true, asking)
  const badPassword = passwordProblem(password)
  if (badPassword !== null) throw new OperatorError(`users add: ${badPassword}`)
  const groups = options.group ?? before?.groups ?? []
  const user = { name, groups, password: await hashPassword(password) }
  await files.replaceFile(path, files.withUser(text, path, user))
  await out.write(
    [
      ...(options.generate ? [`${password}\n`, 'This is the password; it is written down nowhere.\n'] : []),
      `${before === undefined ? 'Added' : 'Replaced'}: ${name}${groups.length === 0 ? '' : `, in ${groups.join(', ')}`}. `,
      missingLine === null
        ? 'A running proxy takes it within seconds.\n'
        : `${text === null ? `${path} is new` : `The settings do not name ${path}`}: put this line into the settings, and start anew:\n\n${missingLine}\n`,
    ].join(''),
  )
}
