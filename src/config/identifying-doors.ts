/** Which doors leave a fence on `user` or `group` with nobody to apply to. */
import type { InboundSettings } from './settings.ts'

type Identifying = Pick<InboundSettings, 'name' | 'login' | 'clients'>

/**
 * The doors, of those that the fence names (`null`: of all), through which somebody may come of whom the fence can't
 * tell: a user's name takes a login or a certificate, a group one of these or a network with groups for each client of the door.
 */
export const doorsThatIdentifyNobody = (
  inbounds: readonly Identifying[],
  reads: 'user' | 'group',
  doors: readonly string[] | null,
): readonly string[] =>
  inbounds
    .filter(({ name }) => doors === null || doors.includes(name))
    .filter((door) => door.login === 'none' && !(reads === 'group' && hasGroupsForAll(door)))
    .map(({ name }) => name)

/** A door without networks serves whoever reaches it. */
const hasGroupsForAll = ({ clients }: Identifying): boolean => clients.length > 0 && clients.every(({ groups }) => groups.length > 0)
