/** `ringfence run`: the proxy, until a signal ends it. */
import { Command, Option } from 'commander'
import { formatEndpoint } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { printable } from '../../model/hostname.ts'
import type { Mode } from '../../model/verdict.ts'
import { stopOnSignals } from '../signals.ts'

interface Options {
  readonly asOf?: string
  readonly config?: string
  readonly policy?: string
  readonly listen?: string
  readonly mode?: Mode
}

export const runCommand = (): Command =>
  new Command('run')
    .description('run the proxy (what happens without a command)')
    .option('--policy <name>', 'a policy pack or file (default: what the settings say, else observe)')
    .option('--listen <address:port>', 'where the first door listens (default: what the settings say, else 127.0.0.1:8080)')
    .addOption(
      new Option('--mode <mode>', 'judge and record only, or also block (default: what the policy says)').choices(['observe', 'enforce']),
    )
    .option('--as-of <lock>', 'by exactly the location data of this lock ("geoip lock" writes one)')
    .option('--config <file>', 'settings file')
    .action(run)

/** How long open flows may go on after the first signal; a second one ends them at once. */
const GRACE_MS = 5_000

async function run(options: Options, { args: [stray] }: Command): Promise<void> {
  if (stray !== undefined)
    throw new OperatorError(`"${printable(stray)}" is out of place: a command stands before its options, and run takes no argument`)
  const [{ startApp }, { systemClock }, { loadSettings }, { settingsChange }, { createLog }, { banner, typedName }] = await Promise.all([
    import('../../app.ts'),
    import('../../clock.ts'),
    import('../../config/load.ts'),
    import('../../config/settings-change.ts'),
    import('../log.ts'),
    import('../banner.ts'),
  ])
  const settings = loadSettings(options)
  const log = createLog(process.stdout)
  const app = await startApp(settings, options.mode, log)
  process.stderr.write(banner(app, settings, { now: systemClock.now(), command: typedName(process.env) }))
  for (const { name, bound } of app.doors)
    log.info({ inbound: name, address: bound.host, port: bound.port }, `listening on ${formatEndpoint(bound)}`)
  if (app.page.kind === 'open')
    log.info({ address: app.page.at.host, port: app.page.at.port }, `page at http://${formatEndpoint(app.page.at)}/`)

  // As service managers and people ask a server to read its files anew; it does so by itself within a second, too.
  process.on('SIGHUP', () => {
    log.info('SIGHUP: reading the policy anew')
    const change = settingsChange(settings, options)
    if (change !== null) log.warn(change)
    void app.reload()
  })
  await stopOnSignals(
    (signal) => {
      log.info({ signal }, 'stopping: open connections have 5 s; a second signal ends them at once')
      return app.stop(GRACE_MS)
    },
    (signal) => {
      log.info({ signal }, 'stopping at once: open connections are cut')
      return app.stop(0)
    },
  )
  log.info(app.summary())
}
