/** Every check, from the ground up. */
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { data } from './data.ts'
import { doors } from './doors.ts'
import { folders } from './folders.ts'
import { resolver } from './resolver.ts'
import { canaries } from './self-test.ts'
import { upstream } from './upstream.ts'

export const checks = { folders, clock, doors, resolver, upstream, data, 'self-test': canaries } satisfies Readonly<Record<string, Check>>
