/** `ringfence doctor`: whether this node can do its work, and what mends it where it can't. Changes nothing. */
import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import type { LocationWorld } from '../../config/location.ts'
import type { Opened } from '../../geoip/accepted-table.ts'
import { GeoSourceError } from '../../geoip/source.ts'
import { ConfigErrors, OperatorError } from '../../model/errors.ts'
import { AnsweredNo } from '../answered-no.ts'
import { typedName } from '../banner.ts'
import type { Finding, Patient } from '../doctor/check.ts'
import { hasFailed, reportText, type Section } from '../doctor/report.ts'
import { jsonLine, type Output, outputTo } from '../output.ts'

interface Options {
  readonly config?: string
  readonly policy?: string
  readonly offline?: true
  readonly json?: true
}

/** The command; its action throws AnsweredNo where something does not work. */
export const doctorCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('doctor')
    .description('check that this node can do its work, and say what mends it: folders, clock, doors, resolver, upstream, data, fences')
    .option('--offline', 'ask nothing of the network')
    .option('--policy <name>', 'a policy pack or file (default: what the settings say)')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nRun it as the user that runs the proxy. Nothing is changed: folders are tried with a file that is removed again,\nHTTP upstreams by asking for 255.255.255.255:443, where nobody is.\nExit code: 0 all works (warnings do not count), 1 something does not work, 2 bad input.',
    )
    .action((options: Options) => doctor(options, output()))

async function doctor(options: Options, out: Output): Promise<void> {
  const sections = await examine(options)
  await out.write(options.json ? jsonLine({ works: !hasFailed(sections), checks: sections }) : reportText(sections, out))
  if (hasFailed(sections)) throw new AnsweredNo()
}

/** Where the settings or the policy can't be read, that is the only finding: all others go by them. */
async function examine(options: Options): Promise<readonly Section[]> {
  const patient = await patientOf(options)
  if (Array.isArray(patient)) return [{ check: 'settings', findings: patient }]
  const { checks } = await import('../doctor/index.ts')
  const { settings, policy } = patient
  const sound: Finding = { state: 'ok', says: `${settings.file ?? 'defaults'}, policy ${policy.name}: without faults` }
  const sections = await Promise.all(Object.entries(checks).map(async ([check, run]) => ({ check, findings: await run(patient) })))
  return [{ check: 'settings', findings: [sound] }, ...sections]
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
    return { settings, policy, location, opened: await opened(location), clock: systemClock, offline: options.offline === true, command }
  } catch (error) {
    // Each names its line, or says itself what to do.
    if (error instanceof ConfigErrors) return error.message.split('\n').map((says) => ({ state: 'fail', says }))
    if (error instanceof OperatorError) return [{ state: 'fail', says: error.message }]
    throw error
  }
}

/** What can't be opened at all, such as a lock that is not there, is one check's finding and no end of the others. */
async function opened(location: LocationWorld): Promise<Opened> {
  try {
    return await location.open()
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof GeoSourceError)) throw error
    return { table: null, refused: { why: error.message, key: null } }
  }
}
