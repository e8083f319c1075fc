/** Firefox, by its policies. */
import { PAC_TYPE, pacText } from '../../web/pac.ts'
import { directHosts, type Parameters, type Target } from './target.ts'

export const firefox: Target = {
  says: 'Firefox, by policy: the proxy, and no WebRTC round it',
  file: '/etc/firefox/policies/policies.json',
  tried: false,
  text: (parameters) =>
    `${JSON.stringify(
      {
        policies: {
          Proxy: parameters.door.secure ? byPac(parameters) : byAddress(parameters),
          Preferences: {
            'media.peerconnection.ice.proxy_only': { Value: true, Status: 'locked' },
            // Firefox would otherwise go direct for requests of its own where the proxy does not answer.
            'network.proxy.failover_direct': { Value: parameters.pac.pac.directFallback, Status: 'locked' },
          },
        },
      },
      null,
      2,
    )}\n`,
  notes: ({ door }) => [
    ...(door.secure ? ['Firefox must trust the certificate of the door: the policy "Certificates" installs an authority.'] : []),
    'On Windows and macOS it lies in "distribution" in the program’s folder. about:policies shows what holds.',
    'Not tried: where this was written there was no Firefox.',
  ],
}

const byAddress = (parameters: Parameters) => ({
  Mode: 'manual',
  Locked: true,
  HTTPProxy: parameters.door.at,
  UseHTTPProxyForAllProtocols: true,
  Passthrough: directHosts(parameters).join(', '),
  UseProxyForDNS: true,
})

/** Its settings have no word for a proxy that speaks TLS, and a PAC has; it stands in the URL, so that nothing must be fetched. */
const byPac = ({ door, pac }: Parameters) => ({
  Mode: 'autoConfig',
  Locked: true,
  AutoConfigURL: `data:${PAC_TYPE};base64,${Buffer.from(pacText({ ...pac, doors: [door] })).toString('base64')}`,
})
