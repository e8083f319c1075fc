/** Whether the page serves the PAC of these settings. */
import { pacText } from '../../web/pac.ts'
import { fail, ok, warn } from '../doctor/check.ts'
import { connectTo, exchange } from './connect.ts'
import type { SetupCheck } from './world.ts'

export const servedPac: SetupCheck = async ({ parameters: { pac, pacUrl, elsewhere, door } }) => {
  if (elsewhere) return [{ state: 'skipped', says: 'the page serves the PAC to the machine of the proxy only' }]
  if (pacUrl === null) return [{ state: 'skipped', says: 'there is no page of a known port (web.listen)' }]
  const { hostname, host, port, pathname } = new URL(pacUrl)
  const connected = await connectTo({ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) })
  if (connected.kind !== 'open') return [fail(`${pacUrl}: nothing answers there`, 'start the proxy; its first lines say where the page is')]
  const answer = await exchange(connected.socket, `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, () => false)
  connected.socket.destroy()
  const [head = '', body = ''] = answer.toString('utf8').split('\r\n\r\n')
  if (!/^HTTP\/1\.1 200 /.test(head) || !/^content-type: application\/x-ns-proxy-autoconfig\r?$/im.test(head))
    return [fail(`${pacUrl}: what answers there is no PAC`, 'another port under "web: listen", or stop what listens there')]
  if (body === pacText(pac)) return [ok(`${pacUrl} names ${door.at}${pac.pac.directFallback ? ', and DIRECT' : ', and no DIRECT'}`)]
  if (body.includes(`${door.secure ? 'HTTPS' : 'PROXY'} ${door.at}`))
    return [
      warn(
        `${pacUrl} names ${door.at}, but is not what these settings and flags make`,
        'start the proxy anew, which reads its settings then',
      ),
    ]
  return [fail(`${pacUrl} does not name ${door.at}`, 'the proxy that runs has other settings: give them with --config, or start it anew')]
}
