/** Docker's daemon, which pulls and pushes images: a drop-in for its systemd unit. */
import { comment, directHosts, loginNote, type Parameters, proxyUrl, type Target } from './target.ts'

export const dockerDaemon: Target = {
  says: 'Docker’s daemon, which pulls and pushes images (a drop-in for its systemd unit)',
  file: '/etc/systemd/system/docker.service.d/ringfence.conf',
  tried: false,
  text: (parameters) => `${comment('#', [
    '/etc/systemd/system/docker.service.d/ringfence.conf, then: systemctl daemon-reload && systemctl restart docker',
    ...loginNote(parameters).map((line) => `${line} Write each % twice: %%40.`),
    'Not tried: where this was written there was no Docker.',
  ])}
[Unit]
After=ringfence.service

[Service]
${lines(parameters)}
`,
}

const lines = (parameters: Parameters): string =>
  [
    ['HTTP_PROXY', proxyUrl(parameters)],
    ['HTTPS_PROXY', proxyUrl(parameters)],
    ['NO_PROXY', directHosts(parameters).join(',')],
  ]
    // systemd.unit(5): a percent sign begins a specifier.
    .map(([name, value = '']) => `Environment="${name}=${value.replaceAll('%', '%%')}"`)
    .join('\n')
