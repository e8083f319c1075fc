/** Policies by name: the packs in `config/policies/`, or a file. */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OperatorError } from '../model/errors.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Mode } from '../model/verdict.ts'
import { withMode } from '../policy/canonical.ts'
import { compilePolicy } from '../policy/compile.ts'
import { inboundsRead, type Policy } from '../policy/policy.ts'
import { isLoopback, isPath, readText } from './load.ts'
import type { Settings } from './settings.ts'

/** The same place from `src/config/` and from `dist/config/`. */
const packFolder = fileURLToPath(new URL('../../config/policies/', import.meta.url))

export const packNames = (): readonly string[] =>
  readdirSync(packFolder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort()

/** Compiles a pack or a file. Throws ConfigErrors for its faults, OperatorError where there is none of that name. */
export function loadPolicy(name: string): Policy {
  if (isPath(name)) return compilePolicy(readText(name), name, name)
  const file = `${packFolder}${name}.yaml`
  if (!existsSync(file)) {
    const packs = packNames()
    throw new OperatorError(
      `there is no policy pack "${name}"${didYouMean(name, packs)} (packs: ${packs.join(', ')}; a file's name has a dot or a slash)`,
    )
  }
  return compilePolicy(readText(file), file, name)
}

/** The policy that the settings name, checked against their doors. */
export function loadPolicyFor(settings: Settings, mode: Mode | undefined): Policy {
  const loaded = loadPolicy(settings.policy)
  const policy = mode === undefined ? loaded : withMode(loaded, mode)
  const doors = settings.inbounds.map(({ name }) => name)
  const missing = inboundsRead(policy).find((name) => !doors.includes(name))
  if (missing !== undefined) {
    throw new OperatorError(
      `policy ${policy.name}: a fence reads inbound "${missing}", but the doors are ${doors.join(', ')}${didYouMean(missing, doors)}`,
    )
  }
  const reachable = settings.inbounds.find(({ listen }) => !isLoopback(listen.host))
  if (reachable !== undefined && !policy.saysLocalNetwork) {
    throw new OperatorError(
      `policy ${policy.name}: door "${reachable.name}" is not on loopback, so the policy must say under "local_network" whether its clients may reach this machine's own network (allow, log, block, or { allow: [networks], otherwise: block })`,
    )
  }
  return policy
}

/** Every shipped policy, to be counted in the shadow of the one in force. */
export const loadShadows = (): readonly Policy[] =>
  packNames()
    .map(loadPolicy)
    .filter(({ fences }) => fences.length > 0)
