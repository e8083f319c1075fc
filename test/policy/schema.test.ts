import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { policySchema } from '../../src/policy/schema.ts'

const published = path.join(import.meta.dirname, '..', '..', 'config', 'schema', 'policy.schema.json')

test('the published schema is the one that is made from the compiler. UPDATE_GOLDEN=1 rewrites it', () => {
  const made = JSON.stringify(policySchema())
  if (process.env.UPDATE_GOLDEN === '1') fs.writeFileSync(published, made)
  // Its layout is the formatter's.
  expect(JSON.parse(fs.readFileSync(published, 'utf8'))).toEqual(JSON.parse(made))
})

test('a parameter may stand for a list, a switch or an effect, and for no fence and no version', () => {
  const { properties } = policySchema() as {
    properties: Record<string, { anyOf?: unknown; items?: { properties: Record<string, { anyOf?: unknown[] }> } }>
  }
  const fence = properties.fences?.items?.properties
  const parameter = expect.objectContaining({ pattern: expect.stringContaining('\\$') })
  for (const key of ['enabled', 'only', 'action']) expect(fence?.[key]?.anyOf, key).toContainEqual(parameter)
  for (const key of ['version', 'mode', 'fences', 'with']) expect(properties[key]?.anyOf, key).toBeUndefined()
})
