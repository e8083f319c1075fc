/** The shape of a policy file as JSON Schema (draft 2020-12), for editors: made from the shape that the compiler checks. */
import { z } from 'zod'
import { policyDocument } from './document.ts'

/** Where a value may stand, a parameter may stand for it. */
const parameter = { type: 'string', pattern: '^\\$[a-z][a-z0-9-]{0,31}$', description: 'a parameter of this policy' } as const

/** A plain value, to be printed as JSON. */
export function policySchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(policyDocument, {
    io: 'input',
    override({ jsonSchema, path }) {
      const isFree = jsonSchema.type === 'array' || jsonSchema.type === 'boolean' || jsonSchema.enum !== undefined
      if (!isFree || isFixed(path)) return
      const own = { ...jsonSchema }
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema]
      jsonSchema.anyOf = [own, parameter]
    },
  })
  return { ...schema, title: 'Ringfence policy', $id: 'https://ringfence.invalid/schema/policy.schema.json' }
}

/** Keys that are read before parameters are known. */
const fixed: ReadonlySet<string | number | undefined> = new Set(['version', 'mode', 'extends', 'with', 'parameters', 'tests'])

/** `path`: from the schema's own keys, `properties` first. Of lists that have fences or exceptions in them only what is within is free. */
const isFixed = ([, top, ...inner]: readonly (string | number)[]): boolean =>
  top === undefined || fixed.has(top) || (inner.length === 0 && top === 'fences') || inner.at(-1) === 'except'
