/** A file that only its owner and its group may know: the keys of doors, the users with the hashes of their passwords. */
import { statSync } from 'node:fs'
import { whyExposed } from '../geoip/secret.ts'
import { OperatorError } from '../model/errors.ts'
import { readText } from './load.ts'

/** Throws OperatorError where it can't be read, or where others can. */
export function readPrivateText(file: string): string {
  const text = readText(file)
  const exposed = whyExposed(statSync(file), file)
  if (exposed !== null) throw new OperatorError(exposed)
  return text
}
