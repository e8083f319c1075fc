/** `ringfence policy schema`: the shape of a policy file, for editors that check as one types. */
import { Command } from 'commander'
import { type Output, outputTo } from '../../output.ts'

export const schemaCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('schema')
    .description('print the JSON Schema of policy files')
    .addHelpText(
      'after',
      '\nIn an editor with a YAML language server: "# yaml-language-server: $schema=policy.schema.json" as the first line.',
    )
    .action(async () => {
      const { policySchema } = await import('../../../policy/schema.ts')
      await output().write(`${JSON.stringify(policySchema(), null, 2)}\n`)
    })
