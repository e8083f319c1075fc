/** The shape of a policy file: words, types and defaults, no meaning. What JSON Schema can say, it says here. */
import { z } from 'zod'
import { matchers } from './matchers/index.ts'
import { parametersSchema, withSchema } from './parameters.ts'

const listOf = <T extends z.ZodType>(item: T, says: string) =>
  z.union([item, z.array(item).min(1, { error: 'must not be an empty list' })], { error: `must be ${says}, or a list of them` })

/** One key per matcher of the table. A list is OR, keys are AND. */
const matcherShape = Object.fromEntries(
  Object.entries(matchers).map(([name, kind]) => [name, listOf(kind.item as z.ZodType, kind.says).optional()]),
)

const selectionShape = { ...matcherShape, is: listOf(z.string(), 'the name of a definition').optional() }

/** What stands under `traffic:`, `not:` or the name of a definition. */
export const selectionDocument = z.strictObject({
  ...selectionShape,
  get not(): z.ZodOptional<z.ZodType<SelectionDocument>> {
    return selectionDocument.optional() as z.ZodOptional<z.ZodType<SelectionDocument>>
  },
})

export type SelectionDocument = Readonly<Record<string, unknown>>

const effect = z.enum(['block', 'log', 'allow'])

export const uncertainDocument = z.strictObject({ disputed: effect, unknown: effect, anycast: effect })

const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, at most 64' })

const countriesSuchAs = (example: string) =>
  z
    .array(z.string(), { error: `must be a list of country codes or groups such as ${example}` })
    .min(1, { error: 'must name at least one country' })

const exception = z.strictObject({
  ...selectionShape,
  not: z.never({ error: 'has no place in an exception, which says what is permitted: put "not" into the traffic of the fence' }).optional(),
  to: countriesSuchAs('[US]').optional(),
  until: z.string({ error: 'must be a day such as 2027-06-30' }).optional(),
  reason: z.string().regex(/\S/, { error: 'must say why the exception is made' }),
})

const axis = z.enum(['server', 'registry', 'network', 'company'])

export const fenceDocument = z.strictObject({
  name: word,
  note: z.string().regex(/\S/, { error: 'must say something' }).optional(),
  enabled: z.boolean().optional(),
  locked: z.boolean().optional(),
  traffic: selectionDocument.optional(),
  never: z
    .union([z.literal('anywhere'), countriesSuchAs('[CN, RU]')], {
      error: 'must be "anywhere" or a list of country codes or groups such as [CN, RU]',
    })
    .optional(),
  only: countriesSuchAs('[IN, SG]').optional(),
  country_of: listOf(axis, 'server, registry, network or company').optional(),
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

/** A country, several that the sources name, or what is not known; for an axis of `given:`. */
const given = listOf(z.string(), 'a country code, "unknown" or "anycast"')

const asking = {
  user: z.string().min(1).optional(),
  group: listOf(z.string().min(1), 'a group of users').optional(),
  at: z.string({ error: 'must be a day or a moment such as 2027-06-30T09:00Z' }).optional(),
}

export const testDocument = z.strictObject({
  to: z.string({ error: 'must be a host and a port such as "zoom.us:443"' }),
  note: z.string().optional(),
  ...asking,
  app: listOf(z.string(), 'an app such as zoom').optional(),
  client: z.string().optional(),
  inbound: z.string().optional(),
  network: z.enum(['tcp', 'udp', 'other']).optional(),
  given: z
    .strictObject({ server: given.optional(), registry: given.optional(), network: given.optional(), company: given.optional(), ...asking })
    .optional(),
  expect: effect,
  because: listOf(z.string(), 'the name of a fence').optional(),
})

export const policyDocument = z.strictObject({
  version: z.literal(1),
  mode: z.enum(['observe', 'enforce']),
  extends: listOf(z.string().min(1), 'the name of a pack or a file').optional(),
  with: withSchema.optional(),
  parameters: parametersSchema.optional(),
  uncertain: uncertainDocument.optional(),
  local_network: localNetworkDocument.optional(),
  groups: z.record(word, countriesSuchAs('[IN, SG]')).optional(),
  definitions: z.record(word, selectionDocument).optional(),
  fences: z.array(fenceDocument).optional(),
  tests: z.array(testDocument).optional(),
})

export type LocalNetworkDocument = z.infer<typeof localNetworkDocument>
export type PolicyDocument = z.infer<typeof policyDocument>
export type FenceDocument = z.infer<typeof fenceDocument>
export type ExceptionDocument = z.infer<typeof exception>
export type TestDocument = z.infer<typeof testDocument>
