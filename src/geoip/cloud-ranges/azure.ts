/**
 * Azure Service Tags, of the public clouds and of China, which is a cloud of its own with a file of its own. The tags
 * `AzureCloud.<region>` divide what has a region; other tags name services and repeat addresses of those.
 * https://learn.microsoft.com/en-us/azure/virtual-network/service-tags-overview
 */
import { z } from 'zod'
import type { Cidr } from '../../model/cidr.ts'
import { CidrSet } from '../../model/cidr-set.ts'
import { type CloudReader, networkOf, shaped } from './cloud-file.ts'

const schema = z.object({
  cloud: z.string(),
  values: z.array(z.object({ name: z.string(), properties: z.object({ region: z.string(), addressPrefixes: z.array(z.string()) }) })),
})

type Tag = z.infer<typeof schema>['values'][number]

const REGIONAL = 'AzureCloud.'

/** What is announced by itself: no network shorter than this is routed on the internet. */
const ROUTED_BITS = { 4: 24, 6: 48 } as const

function tagsOf(json: unknown, isChina: boolean): readonly Tag[] {
  const { cloud, values } = shaped(schema, json)
  if ((cloud === 'China') !== isChina) {
    const format = isChina ? 'azure' : 'azure-china'
    throw new Error(`these are the Service Tags of the cloud "${cloud}", whose publisher is "${format}"`)
  }
  return values
}

const networksOf = ({ name, properties }: Tag): readonly Cidr[] =>
  properties.addressPrefixes.map((prefix) => networkOf(prefix, `tag ${name}`))

const isRegional = ({ name }: Tag): boolean => name.startsWith(REGIONAL)

const reader = (isChina: boolean): CloudReader => ({
  read(json) {
    const statements = tagsOf(json, isChina)
      .filter(isRegional)
      .flatMap((tag) => {
        const region = tag.properties.region || tag.name.slice(REGIONAL.length).toLowerCase()
        return networksOf(tag).map((network) => ({ network, region }))
      })
    return { statements, date: null }
  },

  // Front Door takes in its clients by anycast: https://learn.microsoft.com/en-us/training/modules/explore-azure-networking/10-explore-azure-front-door
  // The tag also lists its machines inside regions, which are not: those prefixes are small or within a regional tag.
  anycast(json) {
    const tags = tagsOf(json, isChina)
    const regional = tags.filter(isRegional).flatMap(networksOf)
    const inRegion = new CidrSet(regional)
    const regionalAddresses = regional.map(({ ip }) => ip)
    const isApart = (network: Cidr): boolean => {
      const inside = new CidrSet([network])
      return !inRegion.has(network.ip) && !regionalAddresses.some((ip) => inside.has(ip))
    }
    return tags
      .filter(({ name }) => name === 'AzureFrontDoor.Frontend')
      .flatMap(networksOf)
      .filter((network) => network.bits <= ROUTED_BITS[network.family] && isApart(network))
      .map((network) => ({ network, whose: 'Azure Front Door' }))
  },
})

export const azure = reader(false)
export const azureChina = reader(true)
