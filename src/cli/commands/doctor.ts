/** `ringfence doctor`: whether this node can do its work, and what mends it where it can't. Changes nothing. */
import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { ConfigErrors, OperatorError } from '../../model/errors.ts'
import { AnsweredNo } from '../answered-no.ts'
import { typedName } from '../banner.ts'
import type { Finding, Patient } from '../doctor/check.ts'
import { jsonLine, type Output, outputTo, paint, type Style } from '../output.ts'

interface Options {
  readonly config?: string
  readonly policy?: string
  readonly offline?: true
  readonly json?: true
}

/** The command; its action throws AnsweredNo where something does not work. */
export const doctorCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('doctor')
    .description('check that this node can do its work, and say what mends it: folders, clock, doors, resolver, data, fences')
    .option('--offline', 'ask nothing of the network')
    .option('--policy <name>', 'a policy pack or file (default: what the settings say)')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nNothing is changed: folders are tried with a file that is removed again.\nExit code: 0 all well (warnings do not count), 1 something does not work, 2 bad input.',
    )
    .action((options: Options) => doctor(options, output()))

interface Section {
  readonly check: string
  readonly findings: readonly Finding[]
}

async function doctor(options: Options, out: Output): Promise<void> {
  const sections = await examine(options)
  await out.write(options.json ? jsonLine({ checks: sections }) : asText(sections, out))
  if (sections.some(({ findings }) => findings.some(({ state }) => state === 'fail'))) throw new AnsweredNo()
}

/** Where the settings or the policy can't be read, that is the only finding. */
async function examine(options: Options): Promise<readonly Section[]> {
  const patient = await patientOf(options)
  if (Array.isArray(patient)) return [{ check: 'settings', findings: patient }]
  const { checks } = await import('../doctor/index.ts')
  const sound: Section = {
    check: 'settings',
    findings: [{ state: 'ok', says: `${patient.settings.file ?? 'defaults'}, policy ${patient.policy.name}: without faults` }],
  }
  const sections = await Promise.all(Object.entries(checks).map(async ([check, run]) => ({ check, findings: await run(patient) })))
  return [sound, ...sections]
}

async function patientOf(options: Options): Promise<Patient | Finding[]> {
  const [{ loadSettings }, { loadPolicyFor }, { locationOf }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/policies.ts'),
    import('../../config/location.ts'),
  ])
  try {
    const settings = loadSettings(options)
    const policy = loadPolicyFor(settings, undefined)
    const location = locationOf(settings, policy)
    const command = typedName(process.env)
    return { settings, policy, location, opened: await location.open(), clock: systemClock, offline: options.offline === true, command }
  } catch (error) {
    if (error instanceof ConfigErrors)
      return error.message.split('\n').map((says) => ({ state: 'fail', says, mend: 'the line that is named' }))
    if (error instanceof OperatorError) return [{ state: 'fail', says: error.message, mend: 'what is named' }]
    throw error
  }
}

const marks: Readonly<Record<Finding['state'], { readonly mark: string; readonly style: Style }>> = {
  ok: { mark: 'ok  ', style: 'plain' },
  warn: { mark: 'warn', style: 'yellow' },
  fail: { mark: 'FAIL', style: 'red' },
  skipped: { mark: '-   ', style: 'dim' },
}

function asText(sections: readonly Section[], { colour }: Output): string {
  const lines = sections.flatMap(({ check, findings }) =>
    findings.flatMap(({ state, says, mend }, i) => {
      const { mark, style } = marks[state]
      const label = (i === 0 ? check : '').padEnd(10)
      return [`${colour ? paint(mark, style) : mark}  ${label}  ${says}`, ...(mend === undefined ? [] : [`${' '.repeat(18)}→ ${mend}`])]
    }),
  )
  const count = (state: Finding['state']) => sections.flatMap(({ findings }) => findings).filter((each) => each.state === state).length
  const total = count('fail') > 0 ? `${count('fail')} failed` : 'all works'
  return `${lines.join('\n')}\n\n${total}${count('warn') > 0 ? `, ${count('warn')} to look at` : ''}\n`
}
