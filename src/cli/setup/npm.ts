/** npm. */
import { comment, directHosts, loginNote, proxyUrl, type Target } from './target.ts'

export const npm: Target = {
  says: 'npm',
  file: '~/.npmrc',
  tried: true,
  text: (parameters) => `${comment('#', ['~/.npmrc', ...loginNote(parameters)])}
proxy=${proxyUrl(parameters)}
https-proxy=${proxyUrl(parameters)}
noproxy=${directHosts(parameters).join(',')}
`,
}
