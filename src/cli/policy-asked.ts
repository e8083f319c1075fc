/** The policy that a command is about: the one that it names, else the one of the settings. */
import type { ShippedLibrary } from '../config/library.ts'
import type { Settings } from '../config/settings.ts'
import type { Policy } from '../policy/policy.ts'
import type { SuiteResult } from '../policy/suite-result.ts'

export interface PolicyAsked {
  readonly policy: Policy
  readonly settings: Settings
  readonly library: ShippedLibrary
}

/** Throws ConfigErrors and OperatorError for faults of the settings and the policy. One of the settings is held against their doors. */
export async function policyAsked(name: string | undefined, { config }: { readonly config?: string }): Promise<PolicyAsked> {
  const [{ loadSettings }, { loadPolicy, loadPolicyFor }, { libraryFor }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/policies.ts'),
    import('../config/library.ts'),
  ])
  const settings = loadSettings({ config })
  const library = libraryFor(settings)
  return { policy: name === undefined ? loadPolicyFor(settings, undefined) : loadPolicy(name), settings, library }
}

/** Runs its tests: by today's data where one of them asks for it, which takes a moment to open. */
export async function testsOf({ policy, settings, library }: PolicyAsked): Promise<SuiteResult> {
  const { runTests } = await import('../policy/suite.ts')
  const asksData = policy.tests.some(({ given, asked }) => given === null && asked.host.kind === 'ip')
  if (!asksData) return runTests(policy, { apps: library.apps, locate: null })
  const { locationOf } = await import('../config/location.ts')
  const { table } = await locationOf(settings, policy).open()
  return runTests(policy, { apps: library.apps, locate: table === null ? null : (ip) => table.locate(ip) })
}
