/** `ringfence policy packs`: the policies that come with Ringfence. */
import { Command } from 'commander'
import { jsonLine, type Output, outputTo, table } from '../../output.ts'

export const packsCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('packs')
    .description('list the policies that come with Ringfence, with their parameters')
    .option('--json', 'one JSON object a line')
    .action((options: { readonly json?: true }) => packs(options, output()))

async function packs({ json }: { readonly json?: true }, out: Output): Promise<void> {
  const [{ findPack, packNames }, { loadPolicy }, { parametersOf }] = await Promise.all([
    import('../../../config/packs.ts'),
    import('../../../config/policies.ts'),
    import('../../../policy/extend.ts'),
  ])
  const rows = packNames().flatMap((name) => {
    const source = findPack(name)
    if ('problem' in source) return []
    const parameters = parametersOf(source)
    return [{ name, says: headOf(source.text), asOf: fieldOf(source.text, 'As of'), policy: loadPolicy(name), parameters }]
  })
  if (json) {
    for (const { name, says, asOf, policy, parameters } of rows) {
      await out.write(
        jsonLine({ name, says, as_of: asOf, hash: policy.hash, fences: policy.fences.map((fence) => fence.name), parameters }),
      )
    }
    return
  }
  const columns = ['pack', 'as of', 'fences', 'what it does', 'parameters'].map((head) => ({ head }))
  const cells = rows.map(({ name, says, asOf, policy, parameters }) => [
    name,
    asOf,
    String(policy.fences.length),
    says,
    Object.keys(parameters).join(', ') || '-',
  ])
  await out.write(
    `${table(columns, cells, out)}\nBuild on one with "extends: [NAME]" and "with: { PARAMETER: VALUE }"; "policy show NAME" prints it.\n`,
  )
}

/** `# no-cn: no connection to …` */
const headOf = (text: string): string => /^# [a-z0-9-]+: (.*)$/m.exec(text)?.[1] ?? ''

const fieldOf = (text: string, field: string): string => new RegExp(`^# ${field} +(.*)$`, 'm').exec(text)?.[1] ?? '-'
