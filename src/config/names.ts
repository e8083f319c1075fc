/** Names that an operator gives in one file and uses in another: of doors, of groups. */
import { z } from 'zod'
import { groupNamePattern } from '../model/identity.ts'

const error = 'must be lower-case letters, digits and hyphens, at most 32'

export const doorName = z.string().regex(groupNamePattern, { error })

export const groupName = z.string().regex(groupNamePattern, { error })
