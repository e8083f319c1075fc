/** `ringfence test`: runs the tests that policies carry, and reports them to people or to a build server. */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { ConfigErrors, OperatorError, type Problem } from '../../model/errors.ts'
import { printable } from '../../model/hostname.ts'
import { didYouMean } from '../../model/suggest.ts'
import type { SuiteResult } from '../../policy/suite-result.ts'
import { AnsweredNo } from '../answered-no.ts'
import { type Output, outputTo, whyUnwritten } from '../output.ts'
import { type PolicyAsked, policyAsked, testsOf } from '../policy-asked.ts'
import { type TestReportName, testReports } from '../test-report/index.ts'

interface Options {
  readonly format: string
  readonly out?: string
  readonly requireTests?: true
  readonly config?: string
}

const formats = Object.keys(testReports)

/** A line for the person, beside the output. */
type Note = (line: string) => void

/** The command; its action throws AnsweredNo where a test fails, ConfigErrors and OperatorError where one can't be run. */
export const testCommand = (
  output: () => Output = () => outputTo(process.stdout),
  note: Note = (line) => void process.stderr.write(`${line}\n`),
): Command =>
  new Command('test')
    .usage('[policy...] [options]')
    .description('run the tests that policies carry')
    .argument('[policy...]', 'packs or files (default: what the settings say)')
    .option('--format <form>', `${formats.join(', ')}: for people, for any reader of TAP, for build servers, one object`, 'text')
    .option('--out <file>', 'write the report into this file; the screen shows it as text')
    .option('--require-tests', 'a policy without tests counts as a failure')
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nTests ignore the mode of the policy and resolve nothing. One that gives no places is judged by the data in force.' +
        '\nExit code: 0 all passed, 1 one failed, 2 a policy does not compile.',
    )
    .action((names: readonly string[], options: Options) => runAndReport(names, options, output(), note))

async function runAndReport(names: readonly string[], options: Options, out: Output, note: Note): Promise<void> {
  const format = formatAsked(options.format)
  const startedAt = systemClock.monotonic()
  const asked = await policiesAsked(names, options)
  const suites: SuiteResult[] = []
  for (const each of asked) suites.push(await testsOf(each))
  const seconds = (systemClock.monotonic() - startedAt) / 1_000
  const report = testReports[format](suites, seconds, options.out === undefined ? out : { colour: false })
  await (options.out === undefined ? out.write(report) : save(report, options.out))
  if (options.out !== undefined) await out.write(testReports.text(suites, seconds, out))
  const bare = options.requireTests ? suites.filter(({ results }) => results.length === 0) : []
  for (const { policy } of bare) note(`policy ${printable(policy)} has no tests, and --require-tests asks for some`)
  if (bare.length > 0 || suites.some(({ results }) => results.some(({ passed }) => !passed))) throw new AnsweredNo()
}

function formatAsked(text: string): TestReportName {
  const known = (word: string): word is TestReportName => formats.includes(word)
  if (known(text)) return text
  throw new OperatorError(`test: "${printable(text)}" is no form of report${didYouMean(text, formats) || ` (${formats.join(', ')})`}`)
}

/** Faults of one policy do not hide those of the next. */
async function policiesAsked(names: readonly string[], options: Options): Promise<readonly PolicyAsked[]> {
  const asked: PolicyAsked[] = []
  const problems: Problem[] = []
  for (const name of names.length === 0 ? [undefined] : names) {
    try {
      asked.push(await policyAsked(name, options))
    } catch (error) {
      if (!(error instanceof ConfigErrors)) throw error
      problems.push(...error.problems)
    }
  }
  if (problems.length > 0) throw new ConfigErrors(problems)
  return asked
}

async function save(report: string, file: string): Promise<void> {
  await writeFile(file, report).catch((cause: NodeJS.ErrnoException) => {
    throw new OperatorError(`test: ${printable(file)} could not be written: ${whyUnwritten(cause)}`, { cause })
  })
}
