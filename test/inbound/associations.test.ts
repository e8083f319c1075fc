import { expect, test } from 'vitest'
import { Associations } from '../../src/inbound/associations.ts'
import { BoundDoors } from '../../src/inbound/own-doors.ts'
import { ip } from '../support/fake-ports.ts'

const [client, other] = [ip('192.0.2.1'), ip('192.0.2.2')]

function associations(admission: { enter(): { seat(): boolean; leave(): void } | null } = { enter: () => null }) {
  const ownDoors = new BoundDoors()
  return { ownDoors, all: new Associations({ settings: { perClient: 2, idleMs: 60_000 }, dropped: () => undefined, admission, ownDoors }) }
}

test('a client has as many as it may, and another one as many', () => {
  const { all } = associations()
  const [leave] = [all.enter(client), all.enter(client)]
  expect([all.enter(client), all.enter(other) === null]).toEqual([null, false])
  leave?.()
  expect(all.enter(client)).not.toBeNull()
})

test('the port of one is a door of Ringfence, until it is over', () => {
  const { all, ownDoors } = associations()
  const over = all.listensAt({ host: ip('127.0.0.1'), port: 5_000 })
  expect(ownDoors.has(ip('127.0.0.1'), 5_000, 'udp')).toBe(true)
  over()
  expect(ownDoors.has(ip('127.0.0.1'), 5_000, 'udp')).toBe(false)
})

test('a destination takes the place of a connection, and gives it back; also where the client may have no more', () => {
  let [open, isWelcome] = [0, true]
  const { all } = associations({
    enter: () => {
      open++
      return { seat: () => isWelcome, leave: () => void open-- }
    },
  })
  const leave = all.enterDestination(client)
  expect([leave === null, open]).toEqual([false, 1])
  leave?.()
  isWelcome = false
  expect([all.enterDestination(client), open]).toEqual([null, 0])
  expect(associations().all.enterDestination(client)).toBeNull()
})
