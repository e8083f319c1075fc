/**
 * The proxy auto-configuration file: a function in ES5 that a browser asks for each URL, and that answers with proxies
 * in the order in which to try them. Without DIRECT in the answer a browser that reaches none of them says so, and does
 * not go round the fence.
 */
import type { PacSettings } from '../config/web.ts'
import type { ReachableDoor } from './reachable.ts'

export const PAC_TYPE = 'application/x-ns-proxy-autoconfig'

export interface PacParts {
  readonly doors: readonly ReachableDoor[]
  readonly pac: PacSettings
  /** Names, with all below them, that may be of the local network. */
  readonly localNames: readonly string[]
}

export function pacText({ doors, pac, localNames }: PacParts): string {
  const answer = proxyList(doors, pac)
  const direct = pac.localDirect ? localRule(localNames) : ''
  return `// Ringfence: which proxy a browser takes. ${goesDirect(pac)}
function FindProxyForURL(url, host) {
${direct}  return ${literal(answer)};
}
`
}

/** `PROXY 127.0.0.1:8080; SOCKS5 127.0.0.1:8080`: HTTP first, in which a refusal can say why. */
export const proxyList = (doors: readonly ReachableDoor[], { directFallback }: Pick<PacSettings, 'directFallback'>): string =>
  [
    ...doors.map(({ at, secure }) => `${secure ? 'HTTPS' : 'PROXY'} ${at}`),
    ...doors.flatMap(({ at, login, secure }) => (login || secure ? [] : [`SOCKS5 ${at}`])),
    ...(directFallback ? ['DIRECT'] : []),
  ].join('; ')

const goesDirect = ({ directFallback, localDirect }: PacSettings): string =>
  [
    ...(directFallback ? ['It goes direct where none answers.'] : []),
    ...(localDirect ? ['Local names go direct.'] : []),
    ...(directFallback || localDirect ? [] : ['Nothing goes direct.']),
  ].join(' ')

/** Names only: an address in a URL goes through the proxy, which knows which are local. */
function localRule(names: readonly string[]): string {
  return `  var name = host.toLowerCase().replace(/\\.$/, "");
  var local = ${JSON.stringify(names)};
  if (/^[a-z_][^.:]*$/.test(name)) return "DIRECT";
  for (var i = 0; i < local.length; i++) {
    var below = "." + local[i];
    if (name === local[i] || name.slice(-below.length) === below) return "DIRECT";
  }
`
}

/** Of printable ASCII, so that what JSON escapes is what ES5 escapes. */
const literal = (text: string): string => JSON.stringify(text)
