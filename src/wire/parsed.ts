/** What a parser of a byte stream answers. It never throws, never waits, and never reads past what it returns. */

export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T /** Bytes used; the rest belongs to whoever comes next. */; readonly consumed: number }
  | { readonly kind: 'need-more' }
  | { readonly kind: 'malformed'; readonly why: string }

export const value = <T>(what: T, consumed: number): Parsed<T> => ({ kind: 'value', value: what, consumed })
export const needMore: Parsed<never> = { kind: 'need-more' }
export const malformed = (why: string): Parsed<never> => ({ kind: 'malformed', why })
