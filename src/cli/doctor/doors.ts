/** Whether each door's address can be listened on, or is in use by the proxy of these settings. */
import { constants } from 'node:fs'
import { access, realpath } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename, dirname } from 'node:path'
import type { Settings } from '../../config/settings.ts'
import { formatEndpoint } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { holdFolder } from '../../records/folder-lock.ts'
import { type Check, type Finding, fail, ok } from './check.ts'
import { type Listener, listenerOn } from './listener.ts'

export const doors: Check = async ({ settings: { inbounds, records } }) =>
  await Promise.all(inbounds.map((inbound) => door(inbound, records.folder)))

async function door({ name, listen }: Settings['inbounds'][number], records: string): Promise<Finding> {
  const where = `door "${name}" at ${formatEndpoint(listen)}`
  const code = await tryListen(listen.host, listen.port)
  switch (code) {
    case null:
      return ok(`${where} is free`)
    case 'EADDRINUSE':
      return taken(where, listen.port, await listenerOn(listen), records)
    case 'EACCES':
      return fail(
        `${where} needs a right that this user does not have`,
        'a port from 1024 on under "listen", or the capability CAP_NET_BIND_SERVICE for Ringfence',
      )
    case 'EADDRNOTAVAIL':
      return fail(`${where} is not an address of this machine`, 'an address that "ip address" shows, under "listen"')
    default:
      return fail(`${where} cannot be listened on (${code})`, 'another address under "listen"')
  }
}

/** The proxy of these settings holds a socket in its records folder, or, where that folder's path is long, one of a name of its own. */
async function taken(where: string, port: number, listener: Listener | null, records: string): Promise<Finding> {
  if (listener === null) {
    if (await isHeld(records)) return ok(`${where} is in use, and a proxy of these settings is running`)
    return fail(`${where} is in use by another program`, `"ss -tlnp sport = :${port}" as root shows which; or another port under "listen"`)
  }
  const { pid, name, sockets } = listener
  const folder = await realpath(records).catch(() => records)
  // The name that a socket was made under stays with it, whatever it is linked to later.
  const isRingfence = sockets.some((path) => /^(lock|ringfence-[0-9a-f]{32})-[0-9a-f]{8}$/.test(basename(path)))
  if (sockets.some((path) => dirname(path) === folder) || (isRingfence && (await isHeld(records))))
    return ok(`${where} is in use by the running proxy (pid ${pid})`)
  const who = isRingfence ? `another Ringfence (pid ${pid}), of other settings` : `${name} (pid ${pid})`
  return fail(`${where} is in use by ${who}`, 'stop it, or take another port under "listen"')
}

const tryListen = (host: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })

/** Whether a process holds the records: the proxy, for as long as it runs. Not known, and so `false`, to who may not write there. */
async function isHeld(folder: string): Promise<boolean> {
  try {
    // Taking hold of a folder would make it.
    await access(folder, constants.W_OK)
  } catch {
    return false
  }
  try {
    await (await holdFolder(folder)).release()
    return false
  } catch (error) {
    if (error instanceof OperatorError) return true
    throw error
  }
}
