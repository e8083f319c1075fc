/** `ringfence policy show`: the effective policy, with what it extends joined in, and where each fence comes from. */
import { Command } from 'commander'
import { Document, isScalar, visit } from 'yaml'
import type { Fence, Policy } from '../../../policy/policy.ts'
import { jsonLine, type Output, outputTo } from '../../output.ts'
import { policyAsked } from '../../policy-asked.ts'

interface Options {
  readonly config?: string
  readonly json?: true
}

export const showCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('show')
    .usage('[policy] [options]')
    .description('print the effective policy: what it extends joined in, every default said, where each fence comes from')
    .argument('[policy]', 'a pack or a file (default: what the settings say)')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nWhat is printed is a policy: it can be saved as a file, and judges alike.')
    .action((name: string | undefined, options: Options) => show(name, options, output()))

async function show(name: string | undefined, options: Options, out: Output): Promise<void> {
  const { policy } = await policyAsked(name, options)
  if (options.json) {
    const origins = Object.fromEntries(policy.fences.map(({ name: fence, origin }) => [fence, origin]))
    return out.write(jsonLine({ policy: policy.name, hash: policy.hash, files: policy.files, document: policy.document, origins }))
  }
  await out.write(asYaml(policy))
}

/** Only comments beyond the canonical form: whoever reads it gets the same policy. */
function asYaml({ name, hash, document, fences, off }: Policy): string {
  const { fences: written = [], ...head } = document
  const blocks = written.map((fence, i) => {
    const text = print([fence]).trimEnd()
    return [`# ${originOf(fences[i])}`, text].join('\n').replace(/^/gm, '  ')
  })
  const offs = off.map((fence) => `  # off: ${fence.name} (${originOf(fence)})`)
  const list = blocks.length === 0 ? 'fences: []' : `fences:\n${blocks.join('\n')}`
  return `# ${name}, sha256 ${hash}\n${print(head)}${list}\n${offs.map((line) => `${line}\n`).join('')}`
}

/** Lists of words on one line, as people write them. */
function print(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Seq(_, node) {
      if (node.items.every(isScalar)) node.flow = true
    },
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

const originOf = (fence: Fence | undefined): string =>
  fence === undefined ? '' : `${fence.origin.policy}, ${fence.origin.file}:${fence.origin.line}`
