/** `ringfence geoip`: what location data is in force, newer data, and the way back. */
import { Command } from 'commander'
import { diffCommand } from './geoip/diff.ts'
import { lockCommand } from './geoip/lock.ts'
import { rollbackCommand } from './geoip/rollback.ts'
import { statusCommand } from './geoip/status.ts'
import { updateCommand } from './geoip/update.ts'

export const geoipCommand = (): Command =>
  new Command('geoip')
    .description('location data: what is in force, updates, differences, the way back')
    .addCommand(statusCommand(), { isDefault: true })
    .addCommand(updateCommand())
    .addCommand(diffCommand())
    .addCommand(rollbackCommand())
    .addCommand(lockCommand())
