/** One thing that can be set up: a text to copy, and where it belongs. */
import { OperatorError } from '../../model/errors.ts'
import type { PacParts } from '../../web/pac.ts'
import type { ReachableDoor } from '../../web/reachable.ts'

/** What the texts are made of: from the settings, and from flags where these beat them. */
export interface Parameters {
  /** The door that clients of this machine are to use. */
  readonly door: ReachableDoor & { readonly host: string; readonly port: number }
  /** Whether the proxy runs on another machine, so that nothing here may go out but to it. */
  readonly elsewhere: boolean
  readonly pac: PacParts
  /** Where the running proxy serves the PAC to this machine; `null`: nowhere. */
  readonly pacUrl: string | null
  /** The user that runs Ringfence, by name or number. */
  readonly user: string
  /** Another user that may ask name servers, such as systemd-resolve; `null`: nobody but Ringfence. */
  readonly dnsUser: string | null
  /** The absolute path of the settings file, or `null` for the usual places. */
  readonly config: string | null
  /** Those that the proxy listens on; 0: one that the system chooses. */
  readonly ports: readonly number[]
  /** Node and the program, as a service starts them. */
  readonly program: readonly [node: string, main: string]
  /** How this program is called in a shell. */
  readonly command: string
}

export interface Target {
  /** One line for the list. */
  readonly says: string
  /** The file that the text belongs into. */
  readonly file: string
  /** Whether a test of this project has used the text for what it is for. */
  readonly tried: boolean
  readonly text: (parameters: Parameters) => string
  /** What a reader must know, where the text's own syntax has no comments. */
  readonly notes?: (parameters: Parameters) => readonly string[]
}

/** `http://127.0.0.1:8080`, with places to fill in where people log in. */
export const proxyUrl = ({ door: { at, login, secure } }: Parameters): string =>
  `${secure ? 'https' : 'http'}://${login ? 'USER:PASSWORD@' : ''}${at}`

/** By SOCKS5, with names that the proxy resolves, so that it can leave out addresses that are forbidden; no program speaks that in TLS. */
export const socksUrl = (parameters: Parameters): string =>
  parameters.door.secure ? proxyUrl(parameters) : proxyUrl(parameters).replace(/^http:/, 'socks5h:')

/**
 * Throws OperatorError where the door speaks TLS, for which this program has no setting. Nor does a PAC help it: what does
 * not know `HTTPS` there leaves that out, and, with nothing left, goes direct (libproxy, and those of macOS and Windows).
 */
export function refuseTls({ door }: Parameters, program: string): void {
  if (door.secure)
    throw new OperatorError(
      `${program} cannot speak TLS to a proxy: the door at ${door.at} has a certificate; open one on loopback without, for this machine, or set up its browsers alone ("chromium", "firefox")`,
    )
}

/** Hosts that programs reach without the proxy: this machine itself, and local names where the settings say so. */
export const directHosts = ({ pac: { pac, localNames } }: Parameters): readonly string[] => [
  'localhost',
  '127.0.0.1',
  '::1',
  ...(pac.localDirect ? localNames.filter((name) => name !== 'localhost').map((name) => `.${name}`) : []),
]

/** Lines of a comment, each behind this mark. */
export const comment = (mark: string, lines: readonly string[]): string => lines.map((line) => `${mark} ${line}`.trimEnd()).join('\n')

/** Of a comment: where people log in, the text holds places to fill in. */
export const loginNote = ({ door }: Parameters): readonly string[] =>
  door.login ? ['Put the name and the password for USER:PASSWORD, percent-encoded (@ is %40); whoever reads this reads them.'] : []
