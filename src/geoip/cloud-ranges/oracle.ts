/** Oracle Cloud `public_ip_ranges.json`: regions, each with its networks. https://docs.oracle.com/en-us/iaas/Content/General/Concepts/addressranges.htm */
import { z } from 'zod'
import { type CloudReader, dayOf, networkOf, shaped } from './cloud-file.ts'

const schema = z.object({
  last_updated_timestamp: z.string().optional(),
  regions: z.array(z.object({ region: z.string(), cidrs: z.array(z.object({ cidr: z.string() })) })),
})

export const oracle: CloudReader = {
  read(json) {
    const { last_updated_timestamp, regions } = shaped(schema, json)
    const statements = regions.flatMap(({ region, cidrs }) =>
      cidrs.map(({ cidr }) => ({ network: networkOf(cidr, `region ${region}`), region })),
    )
    return { statements, date: dayOf(last_updated_timestamp) }
  },

  anycast(json) {
    shaped(schema, json)
    return []
  },
}
