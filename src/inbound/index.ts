/** The table of doors: `type:` under `inbounds:` in the settings. */
import type { Door, Visitor } from './door.ts'
import { serveMixed } from './mixed.ts'

export type InboundKind = (visitor: Visitor, door: Door) => Promise<void>

export const inbounds = { mixed: serveMixed } as const satisfies Record<string, InboundKind>

export type InboundType = keyof typeof inbounds
