/** The refusals that hold in every mode, as a command judges by them: the doors are those of the settings. */
import type { Settings } from '../config/settings.ts'
import { BoundDoors } from '../inbound/own-doors.ts'
import type { RefusalSettings } from '../pipeline/refusals.ts'

export const refusalsOf = (settings: Settings): RefusalSettings => ({
  deniedPorts: settings.deniedPorts,
  localNames: settings.resolver.localNames,
  ownDoors: new BoundDoors([
    ...settings.inbounds.map(({ listen }) => listen),
    ...(settings.web.listen === null ? [] : [settings.web.listen]),
  ]),
})
