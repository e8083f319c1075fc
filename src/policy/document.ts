/** The shape of a policy file: words, types and defaults, no meaning. What JSON Schema can say, it says here. */
import { z } from 'zod'
import { matchers } from './matchers/index.ts'

const listOf = <T extends z.ZodType>(item: T, says: string) =>
  z.union([item, z.array(item).min(1)], { error: `must be ${says}, or a list of them` })

/** One key per matcher of the table. A list is OR, keys are AND. */
const selectionShape = Object.fromEntries(
  Object.entries(matchers).map(([name, kind]) => [name, listOf(kind.item as z.ZodType<string | number>, kind.says).optional()]),
)

const effect = z.enum(['block', 'log', 'allow'])

const uncertainShape = { disputed: effect, unknown: effect, anycast: effect }

const countries = z.array(z.string()).min(1)

const exception = z.strictObject({
  ...selectionShape,
  to: countries.optional(),
  until: z.string().optional(),
  reason: z.string().min(1),
})

const fence = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, at most 64' }),
  traffic: z.strictObject(selectionShape).optional(),
  never: z
    .union([z.literal('anywhere'), countries], { error: 'must be "anywhere" or a list of country codes such as [CN, RU]' })
    .optional(),
  only: z.union([countries], { error: 'must be a list of country codes such as [IN, SG]' }).optional(),
  except: z.array(exception).optional(),
  action: z.enum(['block', 'log']).optional(),
  uncertain: z.strictObject(uncertainShape).partial().optional(),
})

export const policyDocument = z.strictObject({
  version: z.literal(1, { error: 'must be 1' }),
  mode: z.enum(['observe', 'enforce']),
  uncertain: z.strictObject(uncertainShape).optional(),
  local_network: z
    .union([effect, z.strictObject({ allow: z.array(z.string()).min(1), otherwise: z.enum(['block', 'log']) })], {
      error: 'must be allow, log, block, or { allow: [networks], otherwise: block or log }',
    })
    .optional(),
  fences: z.array(fence).optional(),
})

export type PolicyDocument = z.infer<typeof policyDocument>
export type FenceDocument = z.infer<typeof fence>
export type ExceptionDocument = z.infer<typeof exception>
