/** Whether this machine's clock can be right: exceptions end by it, and certificates are checked by it. Nobody is asked over the network. */
import { type Check, fail, ok, warn } from './check.ts'

const YEAR_MS = 365 * 86_400_000

export const clock: Check = async ({ clock: { now }, opened: { table } }) => {
  const time = new Date(now()).toISOString()
  const newest = table === null ? null : Date.parse(table.newestDate)
  if (newest === null || Number.isNaN(newest)) return [ok(`the clock shows ${time}`)]
  if (now() < newest) return [fail(`the clock shows ${time}, before the newest location data was made`, 'timedatectl set-ntp true')]
  if (now() > newest + 3 * YEAR_MS)
    return [warn(`the clock shows ${time}, years after the newest location data`, 'timedatectl set-ntp true, or "ringfence geoip update"')]
  return [ok(`the clock shows ${time}`)]
}
