/** `ringfence policy diff`: which recorded destinations change verdict from one policy to another. */
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import type { Millis } from '../../../model/flow.ts'
import { readFilter } from '../../../records/filter-query.ts'
import { AnsweredNo } from '../../answered-no.ts'
import { jsonLine, type Output, outputTo } from '../../output.ts'
import { policyAsked } from '../../policy-asked.ts'
import { flowsInWords, judgeAgain, lookedJson, type ReplayOptions, withReplayOptions } from './replayed.ts'

/** The command. Its action throws AnsweredNo where a verdict changes, OperatorError and ConfigErrors for bad input. */
export const diffCommand = (output: () => Output = () => outputTo(process.stdout), now: () => Millis = systemClock.now): Command =>
  withReplayOptions(
    new Command('diff')
      .usage('<a> <b> [options]')
      .description('show which recorded destinations change verdict from policy A to policy B')
      .argument('<a>', 'a pack or a file')
      .argument('<b>', 'another'),
  )
    .addHelpText(
      'after',
      '\nBoth are taken to enforce. Flows are judged by the places that were recorded with them, at their own time.' +
        '\nExit code: 0 if no verdict changes, 1 if one does, 2 bad input.',
    )
    .action((a: string, b: string, options: ReplayOptions) => diff(a, b, options, output(), now()))

async function diff(nameA: string, nameB: string, options: ReplayOptions, out: Output, now: Millis): Promise<void> {
  readFilter(options, now)
  const { policy: a, settings } = await policyAsked(nameA, options)
  const [{ loadPolicy }, { VerdictChanges }, { documentChanges }, { diffText }] = await Promise.all([
    import('../../../config/policies.ts'),
    import('./verdict-changes.ts'),
    import('./document-changes.ts'),
    import('./diff-text.ts'),
  ])
  const b = loadPolicy(nameB)
  const documents = documentChanges(a, b)
  const changes = new VerdictChanges()
  const looked = await judgeAgain([a, b], settings, options, now, (record, [before, after]) => {
    if (before !== undefined && after !== undefined) changes.add(record, before, after)
  })
  const totals = changes.totals()
  if (options.json) {
    const { onlyA: only_a, onlyB: only_b, changed, keys } = documents
    await out.write(
      jsonLine({
        a: { name: nameA, hash: a.hash },
        b: { name: nameB, hash: b.hash },
        documents: { only_a, only_b, changed, keys },
        ...lookedJson(looked),
        changed: totals.reduce((sum, { flows }) => sum + flows, 0),
        changes: changes.list(),
        unlisted_flows: changes.unlisted,
        totals,
      }),
    )
  } else {
    await out.write(diffText({ a: nameA, b: nameB, documents, looked, changes, period: flowsInWords(options) }, out))
  }
  if (totals.length > 0) throw new AnsweredNo()
}
