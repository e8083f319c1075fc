/** Who a client is: what its network makes of it, and the name and password that it gave, where the door asks for them. */
import { anonymous, type Identity } from '../model/identity.ts'
import type { Stop } from '../model/stop.ts'
import type { Door, TooManyFailures, Visitor } from './door.ts'

export interface Credentials {
  readonly name: string
  readonly password: string
}

/** What is known without a login: of whoever showed a certificate, or where the door asks nobody. `null`: it asks. */
export const withoutLogin = (door: Door, visitor: Visitor): Identity | null => {
  const known = visitor.shown ?? (door.login === null ? anonymous : null)
  return known === null ? null : withNetwork(known, door, visitor)
}

export const isTooMany = (outcome: Identity | TooManyFailures): outcome is TooManyFailures => 'retryAfterMs' in outcome

/**
 * `null`: no such user, or not the password; the door has been told. Throws the signal's reason where too many logins
 * are waiting for their check, or where the client has left.
 */
export async function logIn(
  { name, password }: Credentials,
  door: Door,
  visitor: Visitor,
  inTime: Stop,
): Promise<Identity | TooManyFailures | null> {
  const { login } = door
  if (login === null) return withNetwork(anonymous, door, visitor)
  const identity = await whileThere(visitor, inTime, (signal) => login.authenticate(name, password, visitor.client.host, signal))
  if (identity !== null) return isTooMany(identity) ? identity : withNetwork(identity, door, visitor)
  // People type passwords into the field for the name: only names that are known may be told.
  door.loginFailed(visitor.client, login.has(name) ? name : null)
  return null
}

const withNetwork = (identity: Identity, door: Door, { client }: Visitor): Identity => {
  const groups = door.groupsOf(client.host)
  return groups.length === 0 ? identity : { ...identity, groups: [...new Set([...identity.groups, ...groups])] }
}

/** Whoever left gives up its turn. */
async function whileThere<T>({ stream }: Visitor, inTime: Stop, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const enough = new AbortController()
  const sources = [stream.closed, inTime]
  const onAbort = () => enough.abort(sources.find(({ aborted }) => aborted)?.reason)
  for (const source of sources) source.addEventListener('abort', onAbort)
  if (sources.some(({ aborted }) => aborted)) onAbort()
  try {
    return await work(enough.signal)
  } finally {
    for (const source of sources) source.removeEventListener('abort', onAbort)
  }
}
