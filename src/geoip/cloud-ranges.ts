/**
 * What cloud operators publish of their networks, each in a format of its own: read as places, and as anycast networks
 * where the file lists what the operator's documentation calls so. A file of another format is refused by what it looks
 * like, and is never read as the nearest one.
 */

import { aws } from './cloud-ranges/aws.ts'
import { azure, azureChina } from './cloud-ranges/azure.ts'
import type { AnycastNetwork, CloudReader } from './cloud-ranges/cloud-file.ts'
import { google } from './cloud-ranges/google.ts'
import { oracle } from './cloud-ranges/oracle.ts'
import { gazetteerOf, type RegionTable } from './regions.ts'
import type { Content } from './source.ts'
import { contentOf } from './stated-places.ts'

/** Whose format; told by the publisher in the settings. */
export type CloudFormat = 'aws' | 'google' | 'azure' | 'azure-china' | 'oracle'

const readers: Readonly<Record<CloudFormat, CloudReader>> = { aws, google, azure, 'azure-china': azureChina, oracle }

const names: Readonly<Record<CloudFormat, string>> = {
  aws: 'the ip-ranges.json of AWS',
  google: 'the cloud.json of Google Cloud',
  azure: 'the Service Tags of Azure',
  'azure-china': 'the Service Tags of Azure in China',
  oracle: 'the public_ip_ranges.json of Oracle Cloud',
}

/** Reads the places; throws an Error that says what is wrong with the file. Regions that the table lacks get no place and a warning. */
export function parseCloudRanges(bytes: Buffer, format: CloudFormat, regions: RegionTable): Content {
  const { statements, date } = read(bytes, format, (reader, json) => reader.read(json))
  return contentOf(statements, gazetteerOf(regions), date)
}

/** Reads the networks that the operator documents as anycast; throws as `parseCloudRanges` does. */
export function parseCloudAnycast(bytes: Buffer, format: CloudFormat): readonly AnycastNetwork[] {
  return read(bytes, format, (reader, json) => reader.anycast(json))
}

function read<T>(bytes: Buffer, format: CloudFormat, how: (reader: CloudReader, json: unknown) => T): T {
  const json = jsonOf(bytes, format)
  try {
    return how(readers[format], json)
  } catch (cause) {
    const look = lookOf(json)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(look === null || look === format.replace('-china', '') ? reason : refusal(format, names[look]), { cause })
  }
}

function jsonOf(bytes: Buffer, format: CloudFormat): unknown {
  const text = bytes.toString('utf8').replace(/^\u{feff}/u, '')
  try {
    return JSON.parse(text)
  } catch (cause) {
    const first = text.trimStart()[0]
    if (first === undefined) throw new Error('it is empty', { cause })
    if (first === '<') throw new Error(refusal(format, 'a web page'), { cause })
    if (first === '{') throw new Error('it is JSON that is damaged or cut off', { cause })
    throw new Error(refusal(format, 'text that is not JSON'), { cause })
  }
}

const refusal = (format: CloudFormat, look: string): string => `it is not ${names[format]}: it looks like ${look}`

/** Which format a file has by the names of its parts, for the message. */
function lookOf(json: unknown): Exclude<CloudFormat, 'azure-china'> | null {
  if (typeof json !== 'object' || json === null) return null
  if ('ipv6_prefixes' in json) return 'aws'
  if ('prefixes' in json) return 'google'
  if ('values' in json && 'cloud' in json) return 'azure'
  return 'regions' in json ? 'oracle' : null
}
