/** `ringfence policy overlay`: a fence on or off for a time, on the proxy that runs with these settings. It is journalled there. */
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import { type KeptOverlay, overlaysFile, readOverlays, writeOverlays } from '../../../config/overlays.ts'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { overlayFault } from '../../../policy/overlay.ts'
import { type Output, outputTo, table } from '../../output.ts'
import { policyAsked } from '../../policy-asked.ts'

interface Options {
  readonly for?: string
  readonly reason?: string
  readonly config?: string
}

export const overlayCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('overlay')
    .usage('[fence on|off|clear] [options]')
    .description('turn a fence on or off for a time; without arguments, list what is set')
    .argument('[fence]', 'the name of a fence')
    .argument('[word]', 'on, off, or clear')
    .option('--for <time>', 'how long: 30m, 2h, 1d (at most 7d)')
    .option('--reason <text>', 'why, for the journal')
    .option('--config <file>', 'settings file')
    .addHelpText('after', '\nThe running proxy takes it within a second, writes it into its journal and judges live flows again.')
    .action((fence: string | undefined, word: string | undefined, options: Options) => overlay(fence, word, options, output()))

const LONGEST_MS = 7 * 86_400_000
const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

async function overlay(fence: string | undefined, word: string | undefined, options: Options, out: Output): Promise<void> {
  const { policy, settings } = await policyAsked(undefined, options)
  const file = overlaysFile(settings)
  const now = systemClock.now()
  const kept = (await readOverlays(file)).filter(({ until }) => until > now)
  if (fence === undefined) return out.write(listing(kept, out))
  if (word !== 'on' && word !== 'off' && word !== 'clear')
    throw new OperatorError(`policy overlay: say what to do with fence "${printable(fence)}": on, off, or clear`)
  const others = kept.filter((each) => each.policy !== policy.name || each.fence !== fence)
  if (word === 'clear') {
    await writeOverlays(file, others)
    return out.write(
      others.length === kept.length
        ? `No overlay was set for fence "${printable(fence)}".\n`
        : `The policy's own word holds again for fence "${fence}".\n`,
    )
  }
  const fault = overlayFault(policy, { fence: printable(fence) })
  if (fault !== null) throw new OperatorError(`policy overlay: ${fault}`)
  if (options.reason === undefined) throw new OperatorError('policy overlay: say why with --reason: it stands in the journal')
  const until = now + durationOf(options.for)
  await writeOverlays(file, [...others, { policy: policy.name, fence, enabled: word === 'on', until, reason: options.reason }])
  await out.write(`Fence "${fence}" is ${word} until ${new Date(until).toISOString()}, then the policy's own word holds again.\n`)
}

function durationOf(text: string | undefined): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mhd])$/.exec(text ?? '') ?? []
  const milliseconds = Number(count) * (units[unit] ?? 0)
  if (milliseconds > 0 && milliseconds <= LONGEST_MS) return milliseconds
  throw new OperatorError(
    `policy overlay: say how long with --for 30m, 2h or 1d (at most 7d)${text === undefined ? '' : `, not "${printable(text)}"`}`,
  )
}

function listing(overlays: readonly KeptOverlay[], out: Output): string {
  if (overlays.length === 0) return "No overlay is set: the policy's own word holds.\n"
  const rows = overlays.map(({ policy, fence, enabled, until, reason }) => [
    fence,
    enabled ? 'on' : 'off',
    new Date(until).toISOString(),
    policy,
    printable(reason),
  ])
  return `${table(
    ['fence', 'is', 'until', 'policy', 'reason'].map((head) => ({ head })),
    rows,
    out,
  )}\n`
}
