/** Firefox, by its policies. */
import { directHosts, refuseTls, type Target } from './target.ts'

export const firefox: Target = {
  says: 'Firefox, by policy: the proxy, and no WebRTC round it',
  file: '/etc/firefox/policies/policies.json',
  tried: false,
  text: (parameters) => {
    refuseTls(parameters, 'Firefox without a PAC')
    return `${JSON.stringify(
      {
        policies: {
          Proxy: {
            Mode: 'manual',
            Locked: true,
            HTTPProxy: parameters.door.at,
            UseHTTPProxyForAllProtocols: true,
            Passthrough: directHosts(parameters).join(', '),
            UseProxyForDNS: true,
          },
          Preferences: {
            'media.peerconnection.ice.proxy_only': { Value: true, Status: 'locked' },
            // Firefox would otherwise go direct for requests of its own where the proxy does not answer.
            'network.proxy.failover_direct': { Value: parameters.pac.pac.directFallback, Status: 'locked' },
          },
        },
      },
      null,
      2,
    )}\n`
  },
  notes: () => [
    'On Windows and macOS it lies in "distribution" in the program’s folder. about:policies shows what holds.',
    'Not tried: where this was written there was no Firefox.',
  ],
}
