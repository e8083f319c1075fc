/** Every check of `ringfence setup --check`. */
import { doors } from './doors.ts'
import { egress } from './egress.ts'
import { environment } from './environment.ts'
import { servedPac } from './pac.ts'
import type { SetupCheck } from './world.ts'

export const setupChecks = { doors, pac: servedPac, shell: environment, direct: egress } satisfies Readonly<Record<string, SetupCheck>>
