/** The shape of a policy file: words, types and defaults, no meaning. What JSON Schema can say, it says here. */
import { z } from 'zod'
import { matchers } from './matchers/index.ts'

const listOf = <T extends z.ZodType>(item: T, says: string) =>
  z.union([item, z.array(item).min(1, { error: 'must not be an empty list' })], { error: `must be ${says}, or a list of them` })

/** One key per matcher of the table. A list is OR, keys are AND. */
const selectionShape = Object.fromEntries(
  Object.entries(matchers).map(([name, kind]) => [name, listOf(kind.item as z.ZodType<string | number>, kind.says).optional()]),
)

const effect = z.enum(['block', 'log', 'allow'])

export const uncertainDocument = z.strictObject({ disputed: effect, unknown: effect, anycast: effect })

const countriesSuchAs = (example: string) =>
  z.array(z.string(), { error: `must be a list of country codes such as ${example}` }).min(1, { error: 'must name at least one country' })

const exception = z.strictObject({
  ...selectionShape,
  to: countriesSuchAs('[US]').optional(),
  until: z.string({ error: 'must be a day such as 2027-06-30' }).optional(),
  reason: z.string().min(1, { error: 'must say why the exception is made' }),
})

export const fenceDocument = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, at most 64' }),
  traffic: z.strictObject(selectionShape).optional(),
  never: z
    .union([z.literal('anywhere'), countriesSuchAs('[CN, RU]')], {
      error: 'must be "anywhere" or a list of country codes such as [CN, RU]',
    })
    .optional(),
  only: countriesSuchAs('[IN, SG]').optional(),
  except: z.array(exception).optional(),
  action: z.enum(['block', 'log']).optional(),
  uncertain: uncertainDocument.partial().optional(),
})

export const localNetworkDocument = z.union(
  [
    effect,
    z.strictObject({ allow: z.array(z.string()).min(1, { error: 'must not be an empty list' }), otherwise: z.enum(['block', 'log']) }),
  ],
  { error: 'must be allow, log, block, or { allow: [networks], otherwise: block or log }' },
)

export const policyDocument = z.strictObject({
  version: z.literal(1),
  mode: z.enum(['observe', 'enforce']),
  uncertain: uncertainDocument.optional(),
  local_network: localNetworkDocument.optional(),
  fences: z.array(fenceDocument).optional(),
})

export type LocalNetworkDocument = z.infer<typeof localNetworkDocument>
export type PolicyDocument = z.infer<typeof policyDocument>
export type FenceDocument = z.infer<typeof fenceDocument>
export type ExceptionDocument = z.infer<typeof exception>
