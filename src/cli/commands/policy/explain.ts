/** `ringfence policy explain`: one fence in plain sentences. */
import { Command } from 'commander'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { didYouMean } from '../../../model/suggest.ts'
import { type Output, outputTo } from '../../output.ts'
import { policyAsked } from '../../policy-asked.ts'

interface Options {
  readonly policy?: string
  readonly config?: string
}

export const explainCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('explain')
    .usage('<fence> [options]')
    .description('tell one fence in plain sentences')
    .argument('<fence>', 'the name of a fence')
    .option('--policy <name>', 'a pack or a file (default: what the settings say)')
    .option('--config <file>', 'settings file')
    .action((fence: string, options: Options) => explain(fence, options, output()))

async function explain(name: string, options: Options, out: Output): Promise<void> {
  const { policy } = await policyAsked(options.policy, options)
  const all = [...policy.fences, ...policy.off]
  const fence = all.find((each) => each.name === name)
  if (fence === undefined) {
    const names = all.map((each) => each.name)
    const hint = didYouMean(name, names) || (names.length === 0 ? ' (it has none)' : ` (${names.join(', ')})`)
    throw new OperatorError(`policy ${policy.name} has no fence "${printable(name)}"${hint}`)
  }
  const { tellFence } = await import('../../../policy/tell-fence.ts')
  await out.write(`${tellFence(fence).join('\n')}\n`)
}
