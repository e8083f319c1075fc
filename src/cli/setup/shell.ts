/** Environment variables, which most programs of a shell go by. */
import { comment, directHosts, loginNote, type Parameters, proxyUrl, socksUrl, type Target } from './target.ts'

export const shell: Target = {
  says: 'environment variables for programs of a shell: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY',
  file: '~/.profile, or eval it',
  tried: true,
  text: (parameters) => `${comment('#', [
    `Into ~/.profile, or: eval "$(${parameters.command} setup shell)"`,
    'Both spellings, since programs differ: curl ignores HTTP_PROXY in upper case, which a web client could set for a CGI',
    'program by a field "Proxy". Node needs NODE_USE_ENV_PROXY=1 to read any (from 24 on).',
    ...loginNote(parameters),
  ])}
${variables(parameters)
  .flatMap(([name, value]) => [name.toLowerCase(), name].map((spelt) => `export ${spelt}=${quoted(value)}\n`))
  .join('')}`,
}

/** What the environment should hold, by the names in upper case. */
export const variables = (parameters: Parameters): readonly (readonly [name: string, value: string])[] => [
  ['HTTP_PROXY', proxyUrl(parameters)],
  ['HTTPS_PROXY', proxyUrl(parameters)],
  ['ALL_PROXY', socksUrl(parameters)],
  ['NO_PROXY', directHosts(parameters).join(',')],
]

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
