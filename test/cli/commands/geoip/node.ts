/** A node with two small databases of its own, and the `geoip` commands run on it in this process. */
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { geoipWorld } from '../../../../src/cli/commands/geoip/world.ts'
import type { Output } from '../../../../src/cli/output.ts'
import { keepAccepted } from '../../../../src/geoip/accepted-table.ts'
import { EditionStore } from '../../../../src/geoip/editions.ts'
import { mmdb } from '../../../support/mmdb-writer.ts'
import { folderWith, ran } from '../../screen.ts'

const country = (code: string) => ({ country: { iso_code: code } })

/** A database that places 8.0.0.0/8 and 52.0.0.0/8. */
export const database = (eight: string, fiftyTwo: string, built = '2026-06-01'): Buffer =>
  mmdb({
    networks: [
      ['8.0.0.0/8', country(eight)],
      ['52.0.0.0/8', country(fiftyTwo)],
    ],
    built,
  })

const settings = `
policy: policy.yaml
geoip:
  folder: geoip
  sources:
    - { type: mmdb, path: one.mmdb, role: voter, name: One, attribution: "Data by One, https://one.example" }
    - { type: csv, path: networks.csv, role: asn, name: Networks, date: 2026-05-01 }
records: { folder: flows }
`

const policy = `
version: 1
mode: enforce
uncertain: { disputed: block, unknown: block, anycast: allow }
fences: [{ name: no-cn, never: [CN] }]
`

export function node(one: Buffer = database('US', 'CN')) {
  const folder = folderWith({
    'one.mmdb': one,
    'networks.csv': '8.8.8.0,8.8.8.255,15169,Google LLC\n',
    'ringfence.yaml': settings,
    'policy.yaml': policy,
  })
  const config = path.join(folder, 'ringfence.yaml')
  return {
    folder,
    store: new EditionStore(path.join(folder, 'geoip')),
    run: (command: (out: () => Output) => Command, ...args: readonly string[]) =>
      ran((out) => command(() => out), [...args, '--config', config]),
    world: () => geoipWorld({ config }),
    replace: (file: string, content: Buffer | string) => fs.writeFileSync(path.join(folder, file), content),
    /** What a proxy does at its start: from then on newer data is measured by this. */
    async start() {
      const { open, location } = await geoipWorld({ config })
      const { table } = await open()
      if (table === null) throw new Error('no table')
      await keepAccepted(table, location)
      return table
    },
  }
}

/** Hashes, sizes and folders differ from run to run. */
export const plain = (text: string): string => text.replace(/[0-9a-f]{16}…/g, 'HASH…')
