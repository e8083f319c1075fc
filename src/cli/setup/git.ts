/** Git over https; over ssh it is ssh that must be told. */
import { comment, loginNote, type Parameters, proxyUrl, type Target } from './target.ts'

export const git: Target = {
  says: 'Git over https, and what ssh needs',
  file: '~/.gitconfig, or /etc/gitconfig for everybody',
  tried: true,
  text: (parameters) => `${comment('#', ['~/.gitconfig, or /etc/gitconfig for everybody', ...loginNote(parameters)])}
[http]
	proxy = ${proxyUrl(parameters)}
${parameters.door.secure ? '' : overSsh(parameters)}`,
}

const overSsh = ({ door }: Parameters): string => `${comment('#', [
  'For remotes over ssh, in ~/.ssh/config below "Host …" (OpenBSD\'s nc, which asks for a password itself with -P USER):',
  `    ProxyCommand nc -X connect -x ${door.at} %h %p`,
])}
`
