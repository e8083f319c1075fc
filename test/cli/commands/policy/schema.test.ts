import { expect, test } from 'vitest'
import { schemaCommand } from '../../../../src/cli/commands/policy/schema.ts'
import { policySchema } from '../../../../src/policy/schema.ts'
import { ran } from '../../screen.ts'

test('the schema is printed', async () => {
  const { shown } = await ran((out) => schemaCommand(() => out), [])
  expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(policySchema())))
})
