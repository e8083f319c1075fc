/** Whether this machine's clock can be right: exceptions end by it, and certificates are checked by it. Nobody is asked over the network. */
import { type Check, fail, ok, warn } from './check.ts'

const YEAR_MS = 365 * 86_400_000

const MEND = 'timedatectl set-ntp true, or the clock set by hand'

export const clock: Check = async ({ clock: { now }, opened: { table }, command }) => {
  const time = `the clock shows ${new Date(now()).toISOString().replace(/\.[0-9]+Z$/, 'Z')}`
  const newest = table === null ? Number.NaN : Date.parse(table.newestDate)
  if (Number.isNaN(newest)) return [ok(time)]
  if (now() < newest) return [fail(`${time}, before the newest location data was made (${table?.newestDate})`, MEND)]
  if (now() > newest + 3 * YEAR_MS)
    return [warn(`${time}, years after the newest location data (${table?.newestDate})`, `${MEND}; or ${command} geoip update`)]
  return [ok(time)]
}
