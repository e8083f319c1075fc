/** A user's key, from a file or an environment variable. It is returned and nowhere shown: no message holds any of it. */
import { open } from 'node:fs/promises'
import { OperatorError } from '../model/errors.ts'
import { whyUnreadable } from './source.ts'

export type SecretPlace = { readonly file: string } | { readonly env: string }

const MAX_BYTES = 4_096

/** Throws OperatorError: not there, empty, of several lines, or a file that others can read. */
export async function readSecret(place: SecretPlace, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  if ('file' in place) return checked(await readPrivately(place.file), place.file)
  const value = env[place.env]
  if (value === undefined) throw new OperatorError(`the environment variable ${place.env} is not set`)
  return checked(value, `the environment variable ${place.env}`)
}

/**
 * The one rule for every file that holds a secret: whoever is neither its owner nor of its group may not read or change it.
 * Its group may, for keys are often kept so for several services (`ssl-cert` of Debian). Windows has no such bits.
 */
export function whyExposed({ mode }: { readonly mode: number }, file: string): string | null {
  const OTHERS = 0o006
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return null
  const written = (mode & 0o777).toString(8).padStart(4, '0')
  return `${file}: every user of this machine can ${(mode & 0o004) === 0 ? 'change' : 'read'} the secret in it (mode ${written}); run: chmod 600 ${file}`
}

async function readPrivately(file: string): Promise<string> {
  const handle = await open(file).catch((cause) => {
    throw new OperatorError(`${file}: ${whyUnreadable(cause)}`, { cause })
  })
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw new OperatorError(`${file}: it is no file`)
    if (stats.size > MAX_BYTES) throw new OperatorError(`${file}: it is too large to hold a key`)
    const exposed = whyExposed(stats, file)
    if (exposed !== null) throw new OperatorError(exposed)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

function checked(text: string, where: string): string {
  const secret = text.trim()
  if (secret === '') throw new OperatorError(`${where}: it is empty`)
  // What is no visible ASCII cannot stand in a header.
  if (!/^[\u0021-\u007e]+$/.test(secret))
    throw new OperatorError(`${where}: it holds more than a key (spaces, several lines, or letters beyond ASCII)`)
  return secret
}
