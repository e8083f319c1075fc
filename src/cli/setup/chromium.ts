/** Chromium, Chrome and Edge, by their enterprise policies. */
import { proxyList } from '../../web/pac.ts'
import type { Target } from './target.ts'

export const chromium: Target = {
  says: 'Chromium, Chrome and Edge, by policy: the proxy, no QUIC, no WebRTC round it',
  file: '/etc/chromium/policies/managed/ringfence.json (Chrome: /etc/opt/chrome/policies/managed/)',
  tried: false,
  text: ({ door, pac }) =>
    `${JSON.stringify(
      {
        // A fixed proxy needs no file that must be fetched before the first page.
        ProxySettings: pac.pac.directFallback
          ? { ProxyMode: 'pac_script', ProxyPacUrl: dataUrl(proxyList([door], pac.pac)), ProxyPacMandatory: false }
          : { ProxyMode: 'fixed_servers', ProxyServer: `${door.secure ? 'https' : 'http'}://${door.at}`, ProxyBypassList: bypass(pac) },
        QuicAllowed: false,
        WebRtcIPHandling: 'disable_non_proxied_udp',
      },
      null,
      2,
    )}\n`,
  notes: () => [
    'Chromium reads /etc/chromium/policies/managed/, Chrome /etc/opt/chrome/policies/managed/, Edge /etc/opt/edge/policies/managed/.',
    'On Windows and macOS the same names are values of its Group Policy and its preferences. chrome://policy shows what holds.',
    'WebRTC then goes through the proxy by TCP, or not at all: without it, call media would go round.',
    'Not tried as a policy; its names are those of the vendor’s list, checked against nothing here.',
  ],
}

const bypass = ({
  pac,
  localNames,
}: {
  readonly pac: { readonly localDirect: boolean }
  readonly localNames: readonly string[]
}): string => (pac.localDirect ? ['<local>', ...localNames.flatMap((name) => [name, `*.${name}`])].join(';') : '')

/** A whole PAC in a URL: nothing must be fetched. */
const dataUrl = (answer: string): string =>
  `data:application/x-ns-proxy-autoconfig;base64,${Buffer.from(`function FindProxyForURL() { return ${JSON.stringify(answer)}; }`).toString('base64')}`
