/** What every `ringfence geoip …` begins with: the settings, their policy, and where location data comes from. */
import type { LocationWorld } from '../../../config/location.ts'
import type { Settings } from '../../../config/settings.ts'
import type { Opened } from '../../../geoip/accepted-table.ts'
import type { Policy } from '../../../policy/policy.ts'

export interface ConfigOption {
  readonly config?: string
}

export interface GeoipWorld {
  readonly settings: Settings
  readonly policy: Policy
  readonly location: LocationWorld
  /** The table that the proxy would use now. */
  readonly open: () => Promise<Opened>
}

/** Throws ConfigErrors and OperatorError for faults of the settings and the policy. */
export async function geoipWorld({ config }: ConfigOption): Promise<GeoipWorld> {
  const [{ loadSettings }, { loadPolicyFor }, { locationOf }] = await Promise.all([
    import('../../../config/load.ts'),
    import('../../../config/policies.ts'),
    import('../../../config/location.ts'),
  ])
  const settings = loadSettings({ config })
  const policy = loadPolicyFor(settings, undefined)
  const location = locationOf(settings, policy)
  return { settings, policy, location, open: location.open }
}
