/** Who asks, as far as the door knows. */

export interface Identity {
  /** The name that was logged in with; `anonymous` where nobody was asked or answered. */
  readonly name: string
  /** Of the user, and of the client's network. */
  readonly groups: readonly string[]
  /** How the name is known; `null`: it is not. */
  readonly by: 'password' | 'certificate' | null
}

/** What `user:` in a policy calls those who did not log in. No user can have this name. */
export const ANONYMOUS = 'anonymous'

/** An e-mail address can be one; a colon would end it in HTTP Basic (RFC 7617 §2). */
export const userNamePattern = /^[a-z0-9][a-z0-9._@-]{0,63}$/

export const groupNamePattern = /^[a-z0-9][a-z0-9-]{0,31}$/

export const anonymous: Identity = { name: ANONYMOUS, groups: [], by: null }
