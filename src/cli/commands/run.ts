/** `ringfence run`: the proxy, until a signal ends it. */
import { Command, Option } from 'commander'
import type { Mode } from '../../model/verdict.ts'

interface Options {
  readonly config?: string
  readonly policy?: string
  readonly listen?: string
  readonly mode?: Mode
}

export const runCommand = (): Command =>
  new Command('run')
    .description('run the proxy (what happens without a command)')
    .option('--policy <name>', 'a policy pack or file (default: observe)')
    .option('--listen <address:port>', 'where the first door listens (default: 127.0.0.1:8080)')
    .addOption(
      new Option('--mode <mode>', 'judge and record only, or also block; default: what the policy says').choices(['observe', 'enforce']),
    )
    .option('--config <file>', 'settings file')
    .action(run)

/** How long open flows may go on after the first signal; a second one ends them at once. */
const GRACE_MS = 5_000

async function run(options: Options): Promise<void> {
  const [{ startApp }, { loadSettings }, { createLog }, { banner }] = await Promise.all([
    import('../../app.ts'),
    import('../../config/load.ts'),
    import('../log.ts'),
    import('../banner.ts'),
  ])
  const settings = loadSettings(options)
  const log = createLog(process.stdout)
  const app = await startApp(settings, options.mode, log)
  process.stderr.write(banner(app, settings, Date.now()))
  for (const { name, bound } of app.doors)
    log.info({ inbound: name, address: bound.host, port: bound.port }, `listening on ${bound.host}:${bound.port}`)

  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve)
  })
  log.info({ signal }, 'stopping: open connections have 5 s; a second signal ends them at once')
  const now = () => process.exit(0)
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, now)
  await app.stop(GRACE_MS)
  log.info(app.summary())
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, now)
}
