/** What a door has for datagrams, in tests of doors that none come to. */
import { Associations } from '../../src/inbound/associations.ts'
import type { Door } from '../../src/inbound/door.ts'
import { BoundDoors } from '../../src/inbound/own-doors.ts'
import { realClock } from './fake-clock.ts'

export const noDatagrams: Pick<Door, 'carryDatagrams' | 'associations' | 'datagramsLost'> = {
  carryDatagrams: async () => undefined,
  associations: new Associations({
    settings: { perClient: 0, idleMs: 1 },
    clock: realClock,
    admission: { enter: () => null },
    ownDoors: new BoundDoors(),
  }),
  datagramsLost: () => undefined,
}
