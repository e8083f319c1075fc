/** `ringfence apps`: what the catalogue knows of applications, and where it is from. */
import { Command } from 'commander'
import type { AppFacts } from '../../config/app-facts.ts'
import type { ShippedApps } from '../../config/apps.ts'
import type { ShippedLibrary } from '../../config/library.ts'
import { formatCidr } from '../../model/cidr.ts'
import { ConfigErrors, OperatorError } from '../../model/errors.ts'
import { formatHostPattern } from '../../model/host-pattern.ts'
import { printable } from '../../model/hostname.ts'
import { didYouMean } from '../../model/suggest.ts'
import { jsonLine, type Output, outputTo } from '../output.ts'
import type { ConfigOption } from './geoip/world.ts'

interface Options extends ConfigOption {
  readonly json?: true
}

/** The command; its action throws OperatorError for an app that the catalogue does not have. */
export const appsCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('apps')
    .usage('[name] [options]')
    .description('list the apps that fences may name, or show all that is known of one')
    .argument('[name]', 'an app by its id, an alias or its name: zoom, feishu')
    .option('--config <file>', 'settings file: ranges that "geoip update" fetched are kept where it says')
    .option('--json', 'one JSON object a line, with everything that is known')
    .addHelpText(
      'after',
      '\nColumns: app (the word in policies), name, categories, home (of the group behind it; contested: the card says by whom),' +
        '\ncompany, domains (how many), ranges (networks that the vendor publishes, and of which day), confidence.' +
        '\nExit code: 2 if there is no such app.',
    )
    .action((name: string | undefined, options: Options) => apps(name, options, output()))

async function apps(name: string | undefined, { json, config }: Options, out: Output): Promise<void> {
  const { appCard, appsTable } = await import('../app-card.ts')
  const { apps: catalogue, rangesProblem } = await libraryAsked(config)
  if (rangesProblem !== null) process.stderr.write(`${rangesProblem}\n`)
  const wanted = name === undefined ? [...catalogue.facts.values()] : [appCalled(name, catalogue)]
  if (json) return await out.write(wanted.map((facts) => jsonLine(asJson(facts))).join(''))
  const [first] = wanted
  await out.write(name === undefined || first === undefined ? appsTable(wanted, out) : appCard(first, out))
}

/** Whoever names no settings and may not read those of the service sees what comes with the program. */
async function libraryAsked(config: string | undefined): Promise<Pick<ShippedLibrary, 'apps' | 'rangesProblem'>> {
  const [{ loadSettings }, { libraryFor, shippedLibrary }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/library.ts'),
  ])
  if (config !== undefined) return libraryFor(loadSettings({ config }))
  try {
    return libraryFor(loadSettings())
  } catch (error) {
    if (!(error instanceof OperatorError || error instanceof ConfigErrors)) throw error
    return { apps: shippedLibrary().apps, rangesProblem: `${error.message}\nThe address ranges that come with the program are shown.` }
  }
}

function appCalled(name: string, { facts, find }: ShippedApps): AppFacts {
  const word = name.toLowerCase()
  const found = find(word) ?? [...facts.values()].find(({ app }) => app.name.toLowerCase() === word)
  if (found !== undefined) return found
  const words = [...facts.values()].flatMap(({ app, aliases }) => [app.id, ...aliases])
  throw new OperatorError(
    `apps: "${printable(name)}" is no app of the catalogue${didYouMean(name, words) || ' ("ringfence apps" lists them)'}`,
  )
}

/** Keys as in the file; the company is added. */
function asJson({ app, ...facts }: AppFacts): object {
  const { ranges, ports } = facts
  return {
    id: app.id,
    name: app.name,
    aliases: facts.aliases,
    categories: app.categories,
    company: app.company,
    operator: facts.operator,
    domains: facts.domains.map(formatHostPattern),
    together_with: facts.togetherWith,
    shared: facts.shared.map(formatHostPattern),
    ranges: ranges === null ? null : { ...ranges, networks: ranges.networks.map(formatCidr) },
    ports: { tcp: ports.tcp.map(portText), udp: ports.udp.map(portText) },
    confidence: facts.confidence,
    blocked_by_india_2020: facts.blockedByIndia2020,
    note: facts.note,
    sources: facts.sources,
    date: facts.date,
  }
}

const portText = ({ from, to }: AppFacts['ports']['tcp'][number]): string => (from === to ? String(from) : `${from}-${to}`)
