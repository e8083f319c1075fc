/** pip. */
import { comment, loginNote, proxyUrl, type Target } from './target.ts'

export const pip: Target = {
  says: 'pip',
  file: '~/.config/pip/pip.conf, or /etc/pip.conf for everybody',
  tried: true,
  text: (parameters) => `${comment('#', ['~/.config/pip/pip.conf, or /etc/pip.conf for everybody', ...loginNote(parameters)])}
[global]
proxy = ${proxyUrl(parameters)}
`,
}
