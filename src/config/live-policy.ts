/**
 * The policy in force, kept up with its files: one that was changed is read, compiled and tested, and takes the place of
 * the old one in one step; one that is faulty, or fails a test, changes nothing and is told. By the content of the files
 * and not by notices of the system: editors replace files, and Kubernetes turns a symbolic link.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { OperatorError } from '../model/errors.ts'
import type { Millis } from '../model/flow.ts'
import { type Overlay, overlayFault, withOverlays } from '../policy/overlay.ts'
import type { Policy } from '../policy/policy.ts'
import type { SuiteResult } from '../policy/suite-result.ts'
import { timeState } from '../policy/turning.ts'
import type { KeptOverlay } from './overlays.ts'

export interface LivePolicyWorld {
  /** Reads, compiles and checks the policy against the settings. Throws ConfigErrors or OperatorError. */
  readonly load: () => Policy
  readonly test: (policy: Policy) => SuiteResult
  /** Throws OperatorError where they can't be read. */
  readonly overlays: () => Promise<readonly KeptOverlay[]>
  readonly now: () => Millis
}

/** Who is told of what a look came to. */
export interface PolicyListener {
  /** Another policy is about to be in force; where this rejects, the old one stays until the next look. */
  readonly swap: (policy: Policy) => Promise<void>
  /** An overlay begins to hold, or (`null`) does no more. Asked before the swap. */
  readonly overlay: (fence: string, overlay: Overlay | null) => Promise<void>
  /** What is live must be judged by this policy, now. Resolves with how many flows that cut. */
  readonly rejudge: (policy: Policy, why: 'policy' | 'time') => Promise<number>
  readonly refused: (why: string) => void
}

export class LivePolicy {
  /** Read once per flow. */
  current: Policy
  /** Why what the files hold now is not used, or `null`. */
  refused: string | null = null
  readonly #world: LivePolicyWorld
  /** The policy itself, without overlays. */
  #own: Policy
  /** Empty at first: the file may have changed while it was read and tested. */
  #seen = ''
  #faulty: { readonly seen: string; error: unknown; looks: number } | null = null
  /** As they were last readable. */
  #kept: readonly KeptOverlay[] = []
  /** Those that are journalled as holding. */
  readonly #overlays = new Map<string, KeptOverlay>()
  #turned: string
  #looking: Promise<void> | null = null

  private constructor(world: LivePolicyWorld, policy: Policy) {
    this.#world = world
    this.#own = policy
    this.current = policy
    this.#turned = timeState(policy, world.now())
  }

  /** Loads the policy for the first time. Throws ConfigErrors, or OperatorError where one of its tests fails. */
  static async open(world: LivePolicyWorld): Promise<LivePolicy> {
    const policy = world.load()
    const why = whyFailed(world.test(policy))
    if (why !== null) throw new OperatorError(why)
    return new LivePolicy(world, policy)
  }

  /**
   * Looks whether files, overlays or the time have changed anything, and resolves when what follows is in force.
   * `anew`: reads the policy even if its files are as they were, after whatever look is under way. Calls that come during
   * a look share it. Never rejects.
   */
  async look(told: PolicyListener, anew = false): Promise<void> {
    if (anew) await this.#looking
    this.#looking ??= this.#look(told, anew).finally(() => {
      this.#looking = null
    })
    await this.#looking
  }

  /** What is wrong with one thing keeps no other from being done: an overlay ends however faulty the file is. */
  async #look(told: PolicyListener, anew: boolean): Promise<void> {
    const faults: string[] = []
    const attempt = async (work: () => Promise<void>) => {
      await work().catch((error: unknown) => faults.push(error instanceof Error ? error.message : String(error)))
    }
    await attempt(() => this.#reread(anew))
    await attempt(async () => {
      this.#kept = await this.#world.overlays()
    })
    const now = this.#world.now()
    const overlays = holding(this.#kept, this.#own, now)
    await attempt(() => this.#tellOverlays(overlays, told))
    await attempt(() => this.#take(withOverlays(this.#own, [...overlays.values()], now), now, told))
    await attempt(() => this.#turn(told))
    const [why = null] = faults
    // Tried again at every look, and told once.
    if (why !== null && why !== this.refused) told.refused(why)
    this.refused = why
  }

  /** What the files hold now, where it is sound; else throws, at every look until they change. */
  async #reread(anew: boolean): Promise<void> {
    const seen = await fingerprint(this.#own.files)
    if (seen === this.#seen && !anew) return
    // A faulty file is not compiled again each second. What it extends may lie outside what is looked at, so that a missing
    // one is tried now and then.
    if (seen === this.#faulty?.seen && !anew && this.#faulty.looks++ % RETRY_LOOKS !== 0) throw this.#faulty.error
    try {
      const policy = this.#world.load()
      const why = whyFailed(this.#world.test(policy))
      if (why !== null) throw new OperatorError(why)
      const isSameFiles = policy.files.join('\n') === this.#own.files.join('\n')
      this.#own = policy
      this.#faulty = null
      // What was read lies between the two: of other files it is not known, so that the next look reads them once more.
      this.#seen = isSameFiles ? seen : ''
    } catch (error) {
      if (seen !== this.#faulty?.seen) this.#faulty = { seen, error, looks: 1 }
      else this.#faulty.error = error
      throw error
    }
  }

  /** What begins or ends to hold is journalled; where that fails it is tried again, and the fence turns all the same. */
  async #tellOverlays(overlays: ReadonlyMap<string, KeptOverlay>, told: PolicyListener): Promise<void> {
    for (const [fence, overlay] of overlays) {
      if (isSame(this.#overlays.get(fence), overlay)) continue
      await told.overlay(fence, overlay)
      this.#overlays.set(fence, overlay)
    }
    for (const fence of [...this.#overlays.keys()]) {
      if (overlays.has(fence)) continue
      await told.overlay(fence, null)
      this.#overlays.delete(fence)
    }
  }

  async #take(policy: Policy, now: Millis, told: PolicyListener): Promise<void> {
    if (policy.hash === this.current.hash && policy.name === this.current.name) {
      // Its tests, warnings and places may be others.
      this.current = policy
      return
    }
    await told.swap(policy)
    this.current = policy
    this.#turned = timeState(policy, now)
    await told.rejudge(policy, 'policy')
  }

  /** A schedule or an exception has turned. */
  async #turn(told: PolicyListener): Promise<void> {
    const turned = timeState(this.current, this.#world.now())
    if (turned === this.#turned) return
    this.#turned = turned
    await told.rejudge(this.current, 'time')
  }
}

/** Of the looks at a file that is known to be faulty, each so-and-so-manyth compiles it. */
const RETRY_LOOKS = 15

const holding = (overlays: readonly KeptOverlay[], policy: Policy, now: Millis): ReadonlyMap<string, KeptOverlay> =>
  new Map(
    overlays
      .filter((overlay) => overlay.until > now && overlay.policy === policy.name && overlayFault(policy, overlay) === null)
      .map((overlay) => [overlay.fence, overlay]),
  )

const isSame = (a: Overlay | undefined, b: Overlay): boolean =>
  a !== undefined && a.enabled === b.enabled && a.until === b.until && a.reason === b.reason

/** One sentence, or `null` where every test passed. */
export function whyFailed({ policy, file, results }: SuiteResult): string | null {
  const failed = results.filter(({ passed }) => !passed)
  const [first, ...more] = failed
  if (first === undefined) return null
  const also = more.length === 0 ? '' : `, and ${more.length} more`
  const where = first.line === null ? file : `${file}:${first.line}`
  return `policy ${policy}: ${failed.length} of ${results.length} tests ${failed.length === 1 ? 'fails' : 'fail'}: ${where} ${first.name}: ${first.why}${also}`
}

/** What the files hold; one that can't be read holds why. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const held = await Promise.all(files.map((file) => readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => `? ${error.code}`)))
  return createHash('sha256').update(JSON.stringify(held)).digest('hex')
}
