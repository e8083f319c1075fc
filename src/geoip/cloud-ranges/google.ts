/** Google Cloud `cloud.json`: a prefix and its scope, which is a region or `global`. */
import { z } from 'zod'
import { type CloudReader, dayOf, networkOf, shaped } from './cloud-file.ts'

const schema = z.object({
  creationTime: z.string().optional(),
  prefixes: z.array(
    z
      .object({ scope: z.string(), ipv4Prefix: z.string().optional(), ipv6Prefix: z.string().optional() })
      .refine((entry) => entry.ipv4Prefix !== undefined || entry.ipv6Prefix !== undefined, {
        error: 'has neither "ipv4Prefix" nor "ipv6Prefix"',
      }),
  ),
})

const GLOBAL = 'global'

function read(json: unknown) {
  const { creationTime, prefixes } = shaped(schema, json)
  const entries = prefixes.flatMap(({ scope, ipv4Prefix, ipv6Prefix }) =>
    [ipv4Prefix, ipv6Prefix].flatMap((prefix) => (prefix === undefined ? [] : { scope, network: networkOf(prefix, `scope ${scope}`) })),
  )
  return { entries, date: dayOf(creationTime) }
}

export const google: CloudReader = {
  read(json) {
    const { entries, date } = read(json)
    return { statements: entries.map(({ network, scope }) => ({ network, region: scope === GLOBAL ? null : scope })), date }
  },

  // Global external addresses are those of load balancers, one anycast address for all regions:
  // https://cloud.google.com/load-balancing
  anycast: (json) =>
    read(json)
      .entries.filter(({ scope }) => scope === GLOBAL)
      .map(({ network }) => ({ network, whose: 'Google Cloud global load balancing' })),
}
