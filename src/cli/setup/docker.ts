/** Docker's client, which hands the variables to the containers that it starts and to builds. */

import { parseIp } from '../../model/address.ts'
import { scopeOf } from '../../model/scope.ts'
import { directHosts, loginNote, type Parameters, proxyUrl, type Target } from './target.ts'

export const docker: Target = {
  says: 'proxy variables in the containers that Docker starts (its client’s config.json)',
  file: '~/.docker/config.json',
  tried: false,
  text: (parameters) =>
    `${JSON.stringify(
      {
        proxies: {
          default: { httpProxy: proxyUrl(parameters), httpsProxy: proxyUrl(parameters), noProxy: directHosts(parameters).join(',') },
        },
      },
      null,
      2,
    )}\n`,
  notes: (parameters) => [
    'Merge "proxies" into ~/.docker/config.json; it holds for containers and builds started from then on.',
    ...(isOwnLoopback(parameters)
      ? [
          'In a container 127.0.0.1 is the container itself: open a door on the bridge (listen: "172.17.0.1:8080", clients: [172.16.0.0/12]) and give --proxy-host 172.17.0.1.',
        ]
      : []),
    ...loginNote(parameters),
    'Not tried: where this was written there was no Docker.',
  ],
}

function isOwnLoopback({ door: { host } }: Parameters): boolean {
  const ip = parseIp(host)
  return ip === null ? host === 'localhost' : scopeOf(ip) === 'loopback'
}
