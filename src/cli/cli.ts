/**
 * The command line: finds the command, prints what went wrong in one line, and returns the exit code: 0, 1 for "no",
 * 2 for bad input. Each command's code is loaded when it is called, so that `--help` answers at once.
 */
import { Command, CommanderError } from 'commander'
import { ConfigErrors, errorKind, OperatorError, RingfenceError } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import { version } from '../version.ts'
import { AnsweredNo } from './answered-no.ts'

/** Runs one command to its end; returns the exit code, never throws. */
export async function runCli(args: readonly string[]): Promise<number> {
  const program = await createProgram()
  try {
    refuseUnknownCommand(program, args)
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return report(error)
  }
}

async function createProgram(): Promise<Command> {
  const program = new Command('ringfence')
    .description('Keeps network traffic inside the countries you choose, and proves where it went.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) })
    .addHelpText('after', help)
  const [{ runCommand }, { checkCommand }, { locateCommand }, { flowsCommand }] = await Promise.all([
    import('./commands/run.ts'),
    import('./commands/check.ts'),
    import('./commands/locate.ts'),
    import('./commands/flows.ts'),
  ])
  program.commandsGroup('Run:').addCommand(runCommand(), { isDefault: true })
  program.commandsGroup('Ask:').addCommand(checkCommand()).addCommand(locateCommand()).addCommand(flowsCommand())
  program.addHelpCommand(new Command('help').argument('[command]').description('show the options of a command').helpGroup('Ask:'))
  for (const command of program.commands) command.copyInheritedSettings(program)
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

const help = `
Without a command, the options are those of "run":
  --policy <name>          a policy pack or file
  --listen <address:port>  where the first door listens (default: 127.0.0.1:8080)
  --mode <mode>            observe: judge and record, block nothing; enforce: block
  --config <file>          settings file

Examples:
  ringfence                                  record where connections go, block nothing
  ringfence --policy no-cn                   the same, and refuse addresses in China
  ringfence check zoom.us --policy no-cn     what would happen, and why; nothing is dialled
  ringfence locate 52.81.151.250             where each source places an address
  ringfence flows --follow                   what is happening now

Settings are read from --config, ./ringfence.yaml, /etc/ringfence/ringfence.yaml, or are the defaults.
Exit codes: 0 yes or done, 1 no (check: enforcing would block), 2 bad input or set-up.
`

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
