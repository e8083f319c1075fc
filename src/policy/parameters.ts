/**
 * Parameters of a policy that others build on: `$regions` stands for a value that whoever extends it may set under
 * `with:`. Values are put in before anything else looks at the document, so that each word means what it always means.
 */
import { z } from 'zod'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from './path.ts'

export type ParameterValue = string | number | boolean | readonly (string | number)[]

/** What a parameter may be; the word is what stands under `type:`. */
const types = {
  territory: { says: 'a list of countries and groups such as [IN, eea]', schema: z.array(z.string()) },
  apps: { says: 'a list of apps such as [zoom, webex]', schema: z.array(z.string()) },
  hosts: { says: 'a list of host names such as [pay.example.com]', schema: z.array(z.string()) },
  networks: { says: 'a list of networks such as [10.0.0.0/8]', schema: z.array(z.string()) },
  ports: { says: 'a list of ports such as [443, "8801-8810"]', schema: z.array(z.union([z.number(), z.string()])) },
  groups: { says: 'a list of groups of users such as [research]', schema: z.array(z.string()) },
  action: { says: 'block or log', schema: z.enum(['block', 'log']) },
  effect: { says: 'block, log or allow', schema: z.enum(['block', 'log', 'allow']) },
  switch: { says: 'true or false', schema: z.boolean() },
} as const satisfies Record<string, { readonly says: string; readonly schema: z.ZodType<ParameterValue> }>

export const parameterNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, { error: 'must begin with a lower-case letter, and have letters, digits and hyphens, at most 32' })

const typeNames = Object.keys(types) as [keyof typeof types]

const value = z.union([z.boolean(), z.string(), z.number(), z.array(z.union([z.string(), z.number()]))], {
  error: 'must be a word, a number, true or false, or a list of words',
})

export const parametersSchema = z.record(
  parameterNameSchema,
  z.strictObject({ type: z.enum(typeNames), default: value, says: z.string().min(1, { error: 'must say what it is for' }) }),
)

/** By parameter. */
export const withSchema = z.record(parameterNameSchema, value)

export type ParametersDocument = z.infer<typeof parametersSchema>

/** Why a value does not fit its parameter, or `null`. */
export function misfit(given: ParameterValue, { type }: ParametersDocument[string]): string | null {
  return types[type].schema.safeParse(given).success ? null : `must be ${types[type].says}`
}

/** A list that was left empty: what is selected by it is nothing. What is written in a file may not hold its first character. */
export const NOTHING = '\u0000nothing'

/** What whoever extends a policy gives to its parameters. */
export interface GivenValues {
  readonly values: ReadonlyMap<string, ParameterValue>
  /** Takes note of a fault in a value; of a list, in one of its items. */
  fault(name: string, index: number | null, message: string): void
}

export const nothingGiven: GivenValues = { values: new Map(), fault: () => {} }

/** What the parameters of a document stand for: what was given, else their defaults. One that is not sound has none yet. */
export function readParameters(written: unknown, given: GivenValues): ReadonlyMap<string, ParameterValue> {
  const { data = {} } = parametersSchema.safeParse(Object(written).parameters)
  return new Map(Object.entries(data).map(([name, parameter]) => [name, given.values.get(name) ?? parameter.default]))
}

export interface Filled {
  readonly value: unknown
  /** From a path of the filled document to the place in the file where that part was written. */
  readonly placeOf: (path: Path) => Path
  /** The parameter that a part came from, and which of its items it is; `null` where the file itself says it. */
  readonly cameFrom: (path: Path) => { readonly name: string; readonly index: number | null } | null
  /** Whether what stands there is a name that no parameter has: that was told, and nothing more need be. */
  readonly isUnknown: (path: Path) => boolean
}

/** Puts values in for `$name` wherever it stands alone; in a list, a list joins in. Never changes what it is given. */
export function fill(written: unknown, values: ReadonlyMap<string, ParameterValue>, report: Report): Filled {
  /** For each list, where its items stood. */
  const shifts = new Map<string, readonly number[]>()
  const filled = new Map<string, { readonly name: string; readonly index: number | null }>()
  const mark = (text: string, found: ParameterValue, now: (index: number) => Path) => {
    const name = text.slice(1)
    if (Array.isArray(found)) for (const index of found.keys()) filled.set(JSON.stringify(now(index)), { name, index })
    else filled.set(JSON.stringify(now(0)), { name, index: null })
  }
  /** A list of which empty parameters left nothing. */
  const nothing = (text: unknown, now: Path) => {
    filled.set(JSON.stringify(now), { name: String(text).slice(1), index: null })
    return [NOTHING]
  }
  const unknown = new Set<string>()
  const look = (text: string, at: Path, now: Path): ParameterValue | undefined => {
    const [, name] = /^\$([a-z][a-z0-9-]*)$/.exec(text) ?? []
    if (name === undefined) return undefined
    const found = values.get(name)
    if (found !== undefined) return found
    unknown.add(JSON.stringify(now))
    const known = values.size === 0 ? ' (it has none)' : ` (${[...values.keys()].map((key) => `$${key}`).join(', ')})`
    report(at, `"$${printable(name)}" is no parameter of this policy${didYouMean(name, values.keys()) || known}`)
    return undefined
  }
  const plain = (text: string, at: Path): string => {
    if (text.includes('\u0000')) report(at, 'holds a NUL, which stands for nothing here')
    return text
  }
  const walk = (part: unknown, at: Path, now: Path): unknown => {
    if (typeof part === 'string') {
      plain(part, at)
      const found = look(part, at, now)
      if (Array.isArray(found) && found.length === 0) return nothing(part, now)
      if (found !== undefined) mark(part, found, (index) => (Array.isArray(found) ? [...now, index] : now))
      return found ?? part
    }
    if (Array.isArray(part)) {
      const from: number[] = []
      const items = part.flatMap((item: unknown, i) => {
        const found = typeof item === 'string' ? look(item, [...at, i], [...now, from.length]) : undefined
        const start = from.length
        if (found !== undefined) mark(String(item), found, (index) => [...now, start + index])
        const kept = () => (typeof item === 'string' ? plain(item, [...at, i]) : walk(item, [...at, i], [...now, from.length]))
        const put = Array.isArray(found) ? found : [found ?? kept()]
        from.push(...put.map(() => i))
        return put
      })
      shifts.set(JSON.stringify(now), from)
      return part.length > 0 && items.length === 0 ? nothing(part[0], now) : items
    }
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, walk(inner, [...at, key], [...now, key])]))
  }
  // The parameters themselves are told as they are.
  const { parameters, ...rest } = Object(written)
  const isMap = typeof written === 'object' && written !== null && !Array.isArray(written)
  const value = isMap ? { ...(parameters !== undefined && { parameters }), ...(walk(rest, [], []) as object) } : written
  const placeOf = (path: Path): Path =>
    path.map((step, i) => (typeof step === 'number' ? (shifts.get(JSON.stringify(path.slice(0, i)))?.[step] ?? step) : step))
  const cameFrom: Filled['cameFrom'] = (path) => {
    for (let length = path.length; length > 0; length--) {
      const found = filled.get(JSON.stringify(path.slice(0, length)))
      if (found !== undefined) return found
    }
    return null
  }
  return { value, placeOf, cameFrom, isUnknown: (path) => unknown.has(JSON.stringify(path)) }
}
