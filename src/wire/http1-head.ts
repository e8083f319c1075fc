/** What a head says (RFC 9112 §3, §4), after parsing and before writing. */
import type { Field } from './http1-fields.ts'
import type { Target } from './http1-target.ts'

export type Http1Version = '1.0' | '1.1'

export interface RequestHead {
  /** Case-sensitive (RFC 9110 §9.1). */
  readonly method: string
  readonly target: Target
  readonly version: Http1Version
  readonly fields: readonly Field[]
}

export interface ResponseHead {
  /** 100 to 999; what is beyond 599 is passed on as it came. */
  readonly status: number
  readonly reason: string
  readonly version: Http1Version
  readonly fields: readonly Field[]
}

/** Statuses whose responses have neither a body nor fields that announce one (RFC 9110 §8.6, RFC 9112 §6.1). */
export const isBodiless = (status: number): boolean => status < 200 || status === 204
