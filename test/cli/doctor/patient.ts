/** A node to be examined, healthy unless told otherwise, in a folder that is gone when the test is over. */
import path from 'node:path'
import type { Finding, Patient } from '../../../src/cli/doctor/check.ts'
import { loadSettings } from '../../../src/config/load.ts'
import { locationOf } from '../../../src/config/location.ts'
import { loadPolicyFor } from '../../../src/config/policies.ts'
import { mmdb } from '../../support/mmdb-writer.ts'
import { folderWith } from '../screen.ts'

export const NOW = Date.UTC(2026, 6, 1)

/** `settings` is YAML that stands in place of the healthy node's own. */
export async function patient(settings = healthy, change: Partial<Patient> = {}): Promise<Patient & { readonly folder: string }> {
  const folder = folderWith({
    'one.mmdb': mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]], built: '2026-06-01' }),
    'ringfence.yaml': settings,
  })
  const loaded = loadSettings({ config: path.join(folder, 'ringfence.yaml') })
  const policy = loadPolicyFor(loaded, undefined)
  const location = locationOf(loaded, policy)
  const clock = { now: () => NOW, monotonic: () => 0 }
  return {
    settings: loaded,
    policy,
    location,
    opened: await location.open(),
    clock,
    offline: true,
    command: 'ringfence',
    folder,
    ...change,
  }
}

export const healthy = `
inbounds: [{ type: mixed, listen: "127.0.0.1:0" }]
geoip: { folder: geoip, sources: [{ type: mmdb, path: one.mmdb, role: voter }] }
records: { folder: flows }
`

export const states = (findings: readonly Finding[]): readonly string[] => findings.map(({ state }) => state)
export const said = (findings: readonly Finding[]): string =>
  findings.map(({ says, mend }) => `${says}${mend === undefined ? '' : ` → ${mend}`}`).join('\n')
