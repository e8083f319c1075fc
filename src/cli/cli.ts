/**
 * The command line: finds the command, prints what went wrong in one line, and returns the exit code: 0, 1 for "no",
 * 2 for bad input. What a command needs beyond its options is mostly loaded when it is called.
 */
import { Command, CommanderError } from 'commander'
import { ConfigErrors, errorKind, OperatorError, RingfenceError } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import { version } from '../version.ts'
import { AnsweredNo } from './answered-no.ts'
import { typedName } from './banner.ts'
import { outputTo } from './output.ts'

/** Runs one command to its end; returns the exit code, never throws. */
export async function runCli(args: readonly string[]): Promise<number> {
  // What can't be said there can't be said anywhere, and is no reason to end.
  process.stderr.on('error', () => {})
  const asked: string[] = []
  const program = await createProgram((text) => void asked.push(text))
  try {
    refuseUnknownCommand(program, args)
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // commander ends --help and --version by throwing.
    return await outputTo(process.stdout)
      .write(asked.join(''))
      .then(() => report(error), report)
  }
}

/** `show` gets what was asked for by --help and --version. */
async function createProgram(show: (text: string) => void): Promise<Command> {
  const command = typedName(process.env)
  const program = new Command(command)
    .description('Keeps network traffic inside the countries you choose, and records where it went.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: show, outputError: (text, write) => write(oneLine(text)) })
    .addHelpText('after', help(command))
  const [
    { runCommand },
    { appsCommand },
    { checkCommand },
    { locateCommand },
    { flowsCommand },
    { policyCommand },
    { testCommand },
    { usersCommand },
    { geoipCommand },
    { doctorCommand },
    { setupCommand },
  ] = await Promise.all([
    import('./commands/run.ts'),
    import('./commands/apps.ts'),
    import('./commands/check.ts'),
    import('./commands/locate.ts'),
    import('./commands/flows.ts'),
    import('./commands/policy.ts'),
    import('./commands/test.ts'),
    import('./commands/users.ts'),
    import('./commands/geoip.ts'),
    import('./commands/doctor.ts'),
    import('./commands/setup.ts'),
  ])
  program.commandsGroup('Run:').addCommand(runCommand(), { isDefault: true })
  program.commandsGroup('Ask:').addCommand(checkCommand()).addCommand(locateCommand()).addCommand(flowsCommand()).addCommand(appsCommand())
  program
    .commandsGroup('Keep up:')
    .addCommand(policyCommand())
    .addCommand(testCommand())
    .addCommand(usersCommand())
    .addCommand(geoipCommand())
    .addCommand(doctorCommand())
    .addCommand(setupCommand())
  program.addHelpCommand(new Command('help').argument('[command]').description('show the options of a command').helpGroup('Ask:'))
  for (const command of program.commands) {
    command.copyInheritedSettings(program)
    for (const inner of command.commands) inner.copyInheritedSettings(program)
  }
  // It says itself what is wrong with a word that stands there.
  program.commands.find((command) => command.name() === 'run')?.allowExcessArguments()
  return program
}

/** `run` is what happens without a command, so a mistyped one would be taken for an argument of that. */
function refuseUnknownCommand(program: Command, [first, second]: readonly string[]): void {
  const word = first === 'help' ? second : first
  if (word === undefined || word.startsWith('-')) return
  const names = [...program.commands.map((command) => command.name()), 'help']
  if (names.includes(word)) return
  const hint = didYouMean(word, names) || ` (commands: ${names.join(', ')})`
  throw new OperatorError(`unknown command "${printable(word)}"${hint}`)
}

/** commander's own faults in the form of ours. */
const oneLine = (text: string): string =>
  `${text
    .trimEnd()
    .replace(/^error: /, 'ringfence: ')
    .replace(/\n\(Did you mean (.*)\)$/, ', did you mean $1')}\n`

function help(command: string): string {
  const example = (args: string, says: string) => `  ${`${command}${args}`.padEnd(command.length + 32)}  ${says}`
  return `
Without a command, the options are those of "run":
  --policy <name>          a policy pack or file
  --listen <address:port>  where the first door listens (default: 127.0.0.1:8080)
  --mode <mode>            observe: judge and record, no fence blocks; enforce: fences block
  --config <file>          settings file

Examples:
${example('', 'record where connections go; no fence blocks')}
${example(' --policy no-cn', 'the same, and refuse addresses in China')}
${example(' check zoom.us --policy no-cn', 'what would happen, and why; nothing is dialled')}
${example(' locate 52.81.151.250', 'where each source places an address')}
${example(' flows --follow', 'what is happening now')}
${example(' policy impact --since 7d', 'what enforcing would have blocked')}

Under every policy these are refused: metadata services of clouds, denied ports (25, unless the settings say otherwise),
local addresses as the answer to a public name, and Ringfence's own doors.
Settings are read from --config, ./ringfence.yaml, /etc/ringfence/ringfence.yaml, or are the defaults.
Exit codes: 0 yes or done, 1 no (check: enforcing would block; test: one failed), 2 bad input or set-up.
`
}

function report(error: unknown): number {
  if (error instanceof AnsweredNo) return 1
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigErrors) {
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (error instanceof OperatorError || (error instanceof RingfenceError && errorKind(error.code).blame === 'operator')) {
    process.stderr.write(`ringfence: ${error.message}\n`)
    return 2
  }
  // A fault of ours: the stack is what a report of it needs.
  process.stderr.write(`ringfence: unexpected failure: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70 // EX_SOFTWARE of sysexits.h: neither a "no" nor the operator's fault
}
