/** The PAC itself, for a web server that serves it to other machines: Ringfence's own page is for this one. */
import { pacText } from '../../web/pac.ts'
import type { Target } from './target.ts'

export const pac: Target = {
  says: 'the PAC itself, for a web server of yours (the page serves it to this machine)',
  file: 'proxy.pac, served as application/x-ns-proxy-autoconfig',
  tried: true,
  text: ({ pac: parts }) => pacText(parts),
}
