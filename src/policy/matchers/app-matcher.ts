/** What `app` and `category` have in common: they ask the apps that a flow was told by. */
import type { App } from '../../model/app.ts'
import { type Matcher, toldMatcher } from './matcher.ts'

export const appMatcher = (document: readonly string[], test: (app: App) => boolean): Matcher =>
  toldMatcher(
    document,
    ({ apps }) => apps,
    ({ app }) => test(app),
    // A name that is still to come, or the vendor's range that holds the address, would tell it too.
    ({ namesFinal, address }) => (namesFinal && address !== undefined ? 'no' : 'open'),
  )
