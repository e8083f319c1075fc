/**
 * AWS `ip-ranges.json`. The network border group says where addresses are announced, so it decides and not its parent
 * region: Local Zones and Wavelength Zones are often in another country. A border group that is not known has no place;
 * its region would be a guess.
 * https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
 */
import { z } from 'zod'
import { type CloudReader, dayOf, networkOf, shaped } from './cloud-file.ts'

const entry = { region: z.string(), service: z.string(), network_border_group: z.string().optional() }

const schema = z.object({
  createDate: z.string().optional(),
  prefixes: z.array(z.object({ ...entry, ip_prefix: z.string() })),
  ipv6_prefixes: z.array(z.object({ ...entry, ipv6_prefix: z.string() })),
})

function read(json: unknown) {
  const { createDate, prefixes, ipv6_prefixes } = shaped(schema, json)
  const all = [
    ...prefixes.map(({ ip_prefix, ...rest }) => ({ ...rest, prefix: ip_prefix })),
    ...ipv6_prefixes.map(({ ipv6_prefix, ...rest }) => ({ ...rest, prefix: ipv6_prefix })),
  ]
  const entries = all.map(({ prefix, region, service, network_border_group: group }) => {
    const place = group ?? region
    return { network: networkOf(prefix, `region ${region}`), region: region === GLOBAL || place === GLOBAL ? null : place, service }
  })
  return { entries, date: dayOf(createDate) }
}

/** Of edge locations all over the world. */
const GLOBAL = 'GLOBAL'

export const aws: CloudReader = {
  read(json) {
    const { entries, date } = read(json)
    return { statements: entries, date }
  },

  // In the region GLOBAL they are the static addresses of accelerators, which are announced from many edge locations:
  // https://docs.aws.amazon.com/global-accelerator/latest/dg/introduction-ip-ranges.html and introduction-components.html
  anycast: (json) =>
    read(json)
      .entries.filter(({ service, region }) => service === 'GLOBALACCELERATOR' && region === null)
      .map(({ network }) => ({ network, whose: 'AWS Global Accelerator' })),
}
