/** Names that an operator gives in one file and uses in another: of doors, of groups. */
import { z } from 'zod'

const named = /^[a-z0-9][a-z0-9-]{0,31}$/
const error = 'must be lower-case letters, digits and hyphens, at most 32'

export const doorName = z.string().regex(named, { error })

export const groupName = z.string().regex(named, { error })
