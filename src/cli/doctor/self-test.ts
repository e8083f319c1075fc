/** The canaries: whether the fences stop what they must. */

import { libraryFor } from '../../config/library.ts'
import { unlocated } from '../../geoip/table.ts'
import { isSound, selfTest, selfTestSentence } from '../../pipeline/self-test.ts'
import { refusalsOf } from '../refusals.ts'
import { type Check, fail, ok } from './check.ts'

export const canaries: Check = async ({ policy, settings, opened: { table }, clock, command }) => {
  const locator = table ?? { hash: 'none', locate: unlocated }
  const result = await selfTest({ policy, locator, table, refusals: refusalsOf(settings), apps: libraryFor(settings).apps, clock })
  // The line is labelled already.
  const says = selfTestSentence(result).replace(/^self-test:? /, '')
  if (isSound(result)) return [ok(says)]
  return [fail(says, `${command} geoip update, ${command} geoip rollback, or "unknown: block" and "disputed: block" in the policy`)]
}
