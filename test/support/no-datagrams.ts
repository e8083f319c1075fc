/** What a door has for datagrams, in tests of doors that none come to. */
import { Associations } from '../../src/inbound/associations.ts'
import type { Door } from '../../src/inbound/door.ts'
import { BoundDoors } from '../../src/inbound/own-doors.ts'

export const noDatagrams: Pick<Door, 'carryDatagrams' | 'associations' | 'datagramsLost'> = {
  carryDatagrams: async () => undefined,
  associations: new Associations({
    settings: { perClient: 0, idleMs: 1 },
    dropped: () => undefined,
    admission: { enter: () => null },
    ownDoors: new BoundDoors(),
  }),
  datagramsLost: () => undefined,
}
