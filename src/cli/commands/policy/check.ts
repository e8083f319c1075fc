/** `ringfence policy check`: whether a policy compiles, what in it is most likely not meant, and whether its tests pass. */
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import { isPath } from '../../../config/load.ts'
import { formatProblem } from '../../../model/errors.ts'
import type { Policy } from '../../../policy/policy.ts'
import { AnsweredNo } from '../../answered-no.ts'
import { jsonLine, type Output, outputTo, paint } from '../../output.ts'
import { policyAsked, testsOf } from '../../policy-asked.ts'

interface Options {
  readonly config?: string
  readonly strict?: true
  readonly json?: true
}

/** The command; its action throws AnsweredNo where a test fails, or, strictly, where there is a warning. */
export const checkCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('check')
    .usage('[policy] [options]')
    .description('compile a policy, warn of what is most likely not meant, run its tests')
    .argument('[policy]', 'a pack or a file (default: what the settings say)')
    .option('--strict', 'a warning counts as a failure')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExit code: 0 sound, 1 if a test fails (or, with --strict, a warning is given), 2 if it does not compile.')
    .action((name: string | undefined, options: Options) => check(name, options, output()))

async function check(name: string | undefined, options: Options, out: Output): Promise<void> {
  const { endedExceptions } = await import('../../../policy/analyse.ts')
  const asked = await policyAsked(name, options)
  const { policy } = asked
  const suite = await testsOf(asked)
  const failed = suite.results.filter(({ passed }) => !passed)
  const warnings = [...policy.warnings, ...endedExceptions(policy, systemClock.now()), ...localNetworkUnsaid(policy)]
  if (options.json) {
    const { hash, mode, files } = policy
    const problems = warnings.map(({ position, path, message }) => ({ ...position, path, message }))
    await out.write(
      jsonLine({
        policy: policy.name,
        hash,
        mode,
        files,
        fences: policy.fences.length,
        off: policy.off.length,
        warnings: problems,
        tests: suite.results,
      }),
    )
  } else {
    const lines = [
      ...warnings.map((problem) => `${mark('warning', 'yellow', out)} ${formatProblem(problem)}`),
      ...failed.map(({ name: test, line, why }) => `${mark('failed', 'red', out)} ${suite.file}:${line ?? 0}: ${test}: ${why}`),
      summary(policy, suite.results.length, failed.length, warnings.length),
    ]
    await out.write(`${lines.join('\n')}\n`)
  }
  if (failed.length > 0 || (options.strict && warnings.length > 0)) throw new AnsweredNo()
}

const mark = (word: string, style: 'yellow' | 'red', { colour }: Output): string => (colour ? paint(`${word}:`, style) : `${word}:`)

function summary({ name, mode, fences, off }: Policy, tests: number, failed: number, warnings: number): string {
  const count = (n: number, one: string) => `${n} ${one}${n === 1 ? '' : 's'}`
  const turnedOff =
    off.length === 0 ? '' : ` (${off.length} more ${off.length === 1 ? 'is' : 'are'} off: ${off.map((fence) => fence.name).join(', ')})`
  const tested = tests === 0 ? 'it has no tests' : `${tests - failed} of ${count(tests, 'test')} passed`
  return `${name}: mode ${mode}, ${count(fences.length, 'fence')}${turnedOff}; ${tested}; ${count(warnings, 'warning')}`
}

/** Not a fault of the file: only where a door is not on loopback must it be said. */
function localNetworkUnsaid(policy: Policy) {
  // A pack leaves it to whoever builds on it.
  if (policy.saysLocalNetwork || policy.fences.length === 0 || !isPath(policy.name)) return []
  const message = 'says nothing of "local_network": it is allowed, and must be said before a door that is not on loopback can open'
  return [{ position: { file: policy.files[0] ?? policy.name, line: 1, column: 1 }, path: '', message }]
}
