/** Catalogues of tests: a file with a few rows, read as the shipped one is, and what is wrong with it. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { loadApps, type ShippedApps } from '../../src/config/apps.ts'
import type { Companies } from '../../src/config/companies.ts'
import { type Ip, parseIp } from '../../src/model/address.ts'
import type { App } from '../../src/model/app.ts'
import { ConfigErrors } from '../../src/model/errors.ts'
import { type Hostname, isHost, parseHost } from '../../src/model/hostname.ts'

export const noCompanies: Companies = { ofAsn: () => null, ofApp: () => null, sha256: '', count: 0 }

/** A catalogue with these rows, the first of which stands in line 9. */
export const catalogueOf = (...rows: readonly string[]): string => `version: 1
defaults: { date: 2026-11-24 }
sources:
  manual: { what: the manual, date: 2026-06-06 }
  press: { what: a newspaper, date: 2020-06-30 }
common_ports: { udp: [3478], tcp: [5223] }
categories: { messaging: text, calls: voice }
apps:
${rows.map((row) => `  - { ${row} }\n`).join('')}`

/** A row without faults; `more` follows, and beats what stands here where it says the same word. */
export function appRow(id: string, more: Readonly<Record<string, string>> = {}): string {
  const row = {
    id,
    name: id,
    categories: '[messaging]',
    operator: 'Somebody Ltd.',
    domains: `.${id}.test`,
    confidence: 'high',
    sources: '[manual]',
    ...more,
  }
  return Object.entries(row)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')
}

export function appsIn(text: string, companies = noCompanies): ShippedApps {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-apps-'))
  try {
    const file = path.join(folder, 'list.yaml')
    fs.writeFileSync(file, text)
    return loadApps(companies, file)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Every fault of a catalogue, as it is shown, without the folder. */
export const faultsOf = (text: string): readonly string[] => faultsIn(() => appsIn(text))

export function faultsIn(load: () => unknown): readonly string[] {
  try {
    load()
  } catch (error) {
    if (error instanceof ConfigErrors) return error.message.split('\n').map((line) => line.replace(/^.*list\.yaml:/, ''))
    throw error
  }
  throw new Error('nothing was refused')
}

export function nameOf(text: string): Hostname {
  const host = parseHost(text)
  if (!isHost(host) || host.kind !== 'name') throw new Error(`${text} is no name`)
  return host.name
}

export function ipOf(text: string): Ip {
  const ip = parseIp(text)
  if (ip === null) throw new Error(`${text} is no address`)
  return ip
}

export const idsOf = (apps: readonly App[]): readonly string[] => apps.map(({ id }) => id)
