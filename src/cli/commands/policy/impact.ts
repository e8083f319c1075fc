/** `ringfence policy impact`: what enforcing a policy would have blocked, steered and flagged, from the records. */
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import { OperatorError } from '../../../model/errors.ts'
import type { Millis } from '../../../model/flow.ts'
import { printable } from '../../../model/hostname.ts'
import { readFilter } from '../../../records/filter-query.ts'
import { jsonLine, type Output, outputTo } from '../../output.ts'
import { policyAsked } from '../../policy-asked.ts'
import {
  escaped,
  flowsInWords,
  judgeAgain,
  type Looked,
  leftOutLines,
  noRecords,
  type ReplayOptions,
  withReplayOptions,
} from './replayed.ts'

interface Options extends ReplayOptions {
  readonly examples: string
}

const EXAMPLES = 5

/** The command. Its action throws OperatorError and ConfigErrors for bad input. */
export const impactCommand = (output: () => Output = () => outputTo(process.stdout), now: () => Millis = systemClock.now): Command =>
  withReplayOptions(
    new Command('impact')
      .usage('[policy] [options]')
      .description('show what enforcing a policy would have blocked, steered and flagged of the recorded flows')
      .argument('[policy]', 'a pack or a file (default: what the settings say)')
      .option('--examples <n>', 'of each kind, so many of the newest flows', String(EXAMPLES)),
  )
    .addHelpText(
      'after',
      '\nFlows are judged by the places that were recorded with them, at their own time: newer location data changes nothing here.' +
        '\nSHARE: of all flows that were judged, of the flows to that app or country, or of that user.',
    )
    .action((name: string | undefined, options: Options) => impact(name, options, output(), now()))

async function impact(name: string | undefined, options: Options, out: Output, now: Millis): Promise<void> {
  const examples = readExamples(options.examples)
  const filter = readFilter(options, now)
  const { policy, settings, library } = await policyAsked(name, options)
  const [{ withMode }, { explain }, { parseHost, isHost }, { ImpactCount }, { impactText }, { impactJson }] = await Promise.all([
    import('../../../policy/canonical.ts'),
    import('../../../policy/explain.ts'),
    import('../../../model/hostname.ts'),
    import('./impact-count.ts'),
    import('./impact-text.ts'),
    import('./impact-json.ts'),
  ])
  // Nothing was blocked by this policy: "would block" is what its sentences must say.
  const observing = withMode(policy, 'observe')
  const counted = new ImpactCount(examples)
  const looked = await judgeAgain([observing], settings, options, now, (record, [decision]) => {
    if (decision !== undefined) counted.add(record, decision)
  })
  const impact = {
    policy: name ?? policy.name,
    fences: policy.fences.map((fence) => fence.name),
    looked,
    counted,
    period: flowsInWords(options),
    apps: library.apps,
    sentenceOf: ({ record, decision }) => {
      const host = parseHost(record.asked)
      return isHost(host) ? explain(decision, { host, port: record.port }, observing) : record.sentence
    },
  } satisfies Parameters<typeof impactText>[0]
  if (options.json) return out.write(jsonLine(impactJson(impact, policy, filter)))
  await out.write(looked.judged === 0 ? nothingJudged(looked, impact.policy, impact.period) : impactText(impact, now, out))
}

function nothingJudged(looked: Looked, name: string, period: string): string {
  if (looked.found === 0) return `What enforcing ${escaped(name)} would block is not known: ${noRecords(looked, period, name)}`
  return `None of ${looked.found.toLocaleString('en')} ${period} can be judged again.\n${leftOutLines(looked)
    .map((line) => `${line}\n`)
    .join('')}`
}

const readExamples = (text: string): number => {
  if (/^[0-9]{1,3}$/.test(text)) return Number(text)
  throw new OperatorError(`--examples: "${printable(text)}" is not a number from 0 to 999`)
}
