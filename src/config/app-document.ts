/** The shape of `config/apps.yaml`. */
import { z } from 'zod'
import { citations, day, listWord, sentence, sourceTable } from './cited-sources.ts'

// One text and no list: of hundreds of list items the parser makes as many nodes, which takes longer than all the rest.
const words = (what: string) =>
  z.string({ error: `must be ${what} with spaces between` }).regex(/\S/, { error: `must be ${what} with spaces between` })
const names = words('names such as .zoom.us')

const port = z.union([z.number(), z.string()], { error: 'must be a port or a range such as "8801-8810"' })
const ports = z.strictObject({ tcp: z.array(port).optional(), udp: z.array(port).optional() })

/** The vendor's own list, for programs. Only over https: whoever could change it on the way could call any address the app's. */
const fetchedFrom = z.strictObject({
  url: z.url({ protocol: /^https$/, error: 'must be an address that begins with https://' }),
  format: z.enum(['lines', 'microsoft']),
})

export const appDocument = z.strictObject({
  id: listWord,
  name: sentence,
  aliases: z.array(listWord).optional(),
  categories: z.array(listWord).min(1, { error: 'must name at least one category' }),
  operator: sentence,
  domains: names,
  together_with: z.array(listWord).optional(),
  shared: names.optional(),
  ranges: z
    .strictObject({ from: sentence, date: day, fetch: fetchedFrom.optional(), networks: words('networks such as 192.0.2.0/24') })
    .optional(),
  ports: ports.optional(),
  confidence: z.enum(['high', 'medium', 'low']),
  blocked_by_india_2020: z.boolean().optional(),
  note: sentence.optional(),
  sources: citations,
  date: day.optional(),
})

export const appsDocument = z.strictObject({
  version: z.literal(1),
  defaults: z.strictObject({ date: day }),
  sources: sourceTable,
  common_ports: ports,
  categories: z.record(listWord, sentence),
  apps: z.array(appDocument),
})

export type AppDocument = z.infer<typeof appDocument>
export type AppFetch = z.infer<typeof fetchedFrom>
export type AppsDocument = z.infer<typeof appsDocument>
