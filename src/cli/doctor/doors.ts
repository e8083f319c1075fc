/** Whether each door's address can be listened on, or is in use by the proxy of these settings. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Settings } from '../../config/settings.ts'
import { formatEndpoint } from '../../model/address.ts'
import { holdFolder } from '../../records/folder-lock.ts'
import { type Check, type Finding, fail, ok } from './check.ts'

export const doors: Check = async ({ settings }) => {
  const running = await isHeld(settings.records.folder)
  return await Promise.all(settings.inbounds.map((inbound) => door(inbound, running)))
}

async function door({ name, listen }: Settings['inbounds'][number], running: boolean): Promise<Finding> {
  const where = `door "${name}" at ${formatEndpoint(listen)}`
  const code = await tryListen(listen.host, listen.port)
  switch (code) {
    case null:
      return ok(`${where} is free`)
    case 'EADDRINUSE':
      return running
        ? ok(`${where} is in use, and a proxy of these settings is running`)
        : fail(`${where} is in use by another program`, `ss -tlnp 'sport = :${listen.port}' shows by which; or another port under "listen"`)
    case 'EACCES':
      return fail(`${where} needs a right that this user does not have`, 'a port from 1024 on, or CAP_NET_BIND_SERVICE')
    case 'EADDRNOTAVAIL':
      return fail(`${where} is not an address of this machine`, `an address that "ip address" shows, under "listen"`)
    default:
      return fail(`${where} cannot be listened on (${code})`, 'another address under "listen"')
  }
}

const tryListen = (host: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })

/** Whether a process holds the records: the proxy, for as long as it runs. */
async function isHeld(folder: string): Promise<boolean> {
  // Taking hold of a folder makes it.
  if (!existsSync(folder)) return false
  try {
    await (await holdFolder(folder)).release()
    return false
  } catch {
    return true
  }
}
