/** One door of the settings, put together and listening: the part of the composition root that is there once for each door. */

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { LiveUsers } from './config/live-users.ts'
import type { InboundSettings, Settings } from './config/settings.ts'
import { datagramDialer } from './egress/datagrams.ts'
import type { Admission } from './inbound/admission.ts'
import { Associations } from './inbound/associations.ts'
import { groupsByNetwork } from './inbound/client-groups.ts'
import type { Door } from './inbound/door.ts'
import { inbounds } from './inbound/index.ts'
import { type Listener, listen } from './inbound/listener.ts'
import { Mistake, type MistakeKind, Mistakes } from './inbound/mistakes.ts'
import { NoRoom } from './inbound/no-room.ts'
import type { BoundDoors } from './inbound/own-doors.ts'
import type { DoorTls } from './inbound/tls.ts'
import { formatEndpoint } from './model/address.ts'
import { CidrSet } from './model/cidr-set.ts'
import { RingfenceError } from './model/errors.ts'
import type { FlowId } from './model/flow.ts'
import { StopSource } from './model/stop.ts'
import { carry } from './pipeline/pipeline.ts'
import type { DatagramUpstream, Road } from './pipeline/ports.ts'

/** A door that accepts. */
export interface OpenDoor {
  readonly name: string
  readonly listener: Listener
  stop(graceMs: number): Promise<void>
}

/** What the doors of one process share. */
export interface House {
  readonly road: Road
  /** Told of every UDP port on which a client's datagrams are taken. */
  readonly ownDoors: BoundDoors
  /** Those under way: stopping waits for their endings. */
  readonly flows: Set<Promise<void>>
  /** Those who may log in; `null`: nobody can. */
  readonly users: LiveUsers | null
  /** How many may come in, of all doors together. */
  readonly admission: Admission
  /** Of the doors that speak TLS, by name. */
  readonly tls: ReadonlyMap<string, DoorTls>
  /** What Via calls this process. */
  readonly via: string
  /** Of the data in force. */
  readonly attributions: () => readonly string[]
  readonly log: Logger
}

/** Binds a door of the settings. Throws OperatorError where its address cannot be had. */
export async function openDoor(
  inbound: InboundSettings,
  settings: Settings,
  { road, ownDoors, flows, users, admission, tls, via, attributions, log }: House,
): Promise<OpenDoor> {
  const { headBytes, headMs, idleMs, halfClosedMs } = settings.limits
  // Flow ids: one random part per run, then a count; short enough to be typed.
  const run = randomBytes(4).toString('hex')
  let count = 0
  const stopping = new StopSource()
  const datagramRoad: Road<DatagramUpstream> = { ...road, dialer: datagramDialer }
  const followed = (flow: Promise<void>): Promise<void> => {
    flows.add(flow)
    return flow.finally(() => flows.delete(flow))
  }
  const mistakes = new Mistakes(inbound.name, ({ kind, count, client, sentence }) =>
    log.warn({ inbound: inbound.name, client: formatEndpoint(client), mistake: kind, count }, sentence),
  )
  const door: Door = {
    name: inbound.name,
    limits: { headBytes, headMs, relay: { idleMs, halfClosedMs } },
    clock: road.clock,
    via,
    stopping,
    get attributions() {
      return attributions()
    },
    login: inbound.login === 'required' ? users : null,
    groupsOf: groupsByNetwork(inbound.clients),
    hasRoom: () => admission.hasRoom(),
    nextId: () => `${run}-${(++count).toString(36)}` as FlowId,
    carry: (offer) => followed(carry(offer, road)),
    carryDatagrams: (offer) => followed(carry(offer, datagramRoad)),
    associations: new Associations({
      settings: settings.limits.associations,
      // One that can't be written has been told of by the journal, and nobody waits for it.
      dropped: (flow, datagrams) => void road.writer.append({ type: 'dropped', flow, datagrams }).catch(() => undefined),
      admission,
      ownDoors,
    }),
    datagramsLost: (client, lost) => log.debug({ inbound: inbound.name, client: formatEndpoint(client), lost }, 'datagrams not passed on'),
    malformed: (client, why, kind: MistakeKind = 'request') => {
      log.debug({ inbound: inbound.name, client: formatEndpoint(client), why }, 'malformed request')
      mistakes.add(kind, client, why)
    },
    loginFailed: (client, user) =>
      log.warn(
        { inbound: inbound.name, client: formatEndpoint(client), ...(user === null ? {} : { user }) },
        `login failed at door ${inbound.name}, from ${client.host}: ${user === null ? 'no known user' : `wrong password of ${user}`}`,
      ),
  }
  const clients = new CidrSet(inbound.clients)
  const balancers = new CidrSet(inbound.balancers)
  const listener = await listen({
    listen: inbound.listen,
    headMs,
    admission,
    noRoom: new NoRoom(road.clock.now),
    isBalancer: (peer) => balancers.has(peer),
    tls: tls.get(inbound.name) ?? null,
    permits: (client) => inbound.clients.length === 0 || clients.has(client),
    serve: (visitor) => inbounds[inbound.type](visitor, door),
    onRefused: (client) => {
      log.debug({ inbound: inbound.name, client: formatEndpoint(client) }, 'client refused')
      mistakes.add('network', client, 'it is in none of the networks that may use the door')
    },
    onFailed: (client, error) => {
      log.debug({ inbound: inbound.name, client: formatEndpoint(client), err: error }, 'connection ended')
      if (error instanceof Mistake) mistakes.add(error.kind, client, error.message)
    },
    onTrouble: (error) => log.error({ inbound: inbound.name, err: error }, `cannot accept a connection: ${error.message}`),
  })
  return {
    name: inbound.name,
    listener,
    async stop(graceMs) {
      stopping.abort(new RingfenceError('run.shutdown', 'the proxy is shutting down'))
      await listener.stop(graceMs)
      door.associations.refused.close()
    },
  }
}
