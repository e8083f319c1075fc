/** Policies by name, a pack or a file, and whether they fit the settings. */
import { OperatorError } from '../model/errors.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Mode } from '../model/verdict.ts'
import { withMode } from '../policy/canonical.ts'
import { compilePolicy } from '../policy/compile.ts'
import type { Library } from '../policy/library.ts'
import { type Policy, valuesRead } from '../policy/policy.ts'
import { valuesOf } from '../policy/selection.ts'
import { doorsThatIdentifyNobody } from './identifying-doors.ts'
import { shippedLibrary } from './library.ts'
import { isLoopback, isPath, readText } from './load.ts'
import { findPack, packNames } from './packs.ts'
import type { Settings } from './settings.ts'

/** Compiles a pack or a file. Throws ConfigErrors for its faults, OperatorError where there is none of that name. */
export function loadPolicy(name: string, library: Library = shippedLibrary()): Policy {
  const found = isPath(name) ? { text: readText(name), file: name, name } : findPack(name)
  if ('problem' in found) throw new OperatorError(found.problem)
  return compilePolicy(found.text, found.file, name, library)
}

/** The policy that the settings name, checked against their doors. */
export function loadPolicyFor(settings: Settings, mode: Mode | undefined, library: Library = shippedLibrary()): Policy {
  const loaded = loadPolicy(settings.policy, library)
  const policy = mode === undefined ? loaded : withMode(loaded, mode)
  checkAgainst(settings, policy)
  return policy
}

/** Throws OperatorError where a policy asks what these doors cannot tell. */
function checkAgainst({ inbounds }: Settings, policy: Policy): void {
  const doors = inbounds.map(({ name }) => name)
  const missing = valuesRead(policy, 'inbound').find((name) => !doors.includes(name))
  if (missing !== undefined) {
    throw new OperatorError(
      `policy ${policy.name}: a fence reads inbound "${missing}", but the doors are ${doors.join(', ')}${didYouMean(missing, doors)}`,
    )
  }
  for (const reads of ['user', 'group'] as const) {
    for (const { name, traffic } of [...policy.fences, ...policy.off]) {
      if (valuesOf(traffic, reads).length === 0) continue
      const named = traffic.filter((term) => term.name === 'inbound').flatMap(({ matcher }) => matcher.document.map(String))
      const [nobody] = doorsThatIdentifyNobody(inbounds, reads, named.length === 0 ? null : named)
      if (nobody === undefined) continue
      const how = reads === 'user' ? '"login: required"' : '"login: required", or groups for all networks under "clients"'
      throw new OperatorError(
        `policy ${policy.name}: fence "${name}" reads ${reads}, but door "${nobody}" identifies nobody: give the door ${how}, or name the doors that the fence is for under "inbound"`,
      )
    }
  }
  const reachable = inbounds.find(({ listen }) => !isLoopback(listen.host))
  if (reachable !== undefined && !policy.saysLocalNetwork) {
    throw new OperatorError(
      `policy ${policy.name}: door "${reachable.name}" is not on loopback, so the policy must say under "local_network" whether its clients may reach this machine's own network (allow, log, block, or { allow: [networks], otherwise: block })`,
    )
  }
}

/** Every shipped policy, to be counted in the shadow of the one in force. */
export const loadShadows = (library: Library = shippedLibrary()): readonly Policy[] =>
  packNames()
    .map((name) => loadPolicy(name, library))
    .filter(({ fences }) => fences.length > 0)
