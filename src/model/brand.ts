/**
 * Nominal types: a `Brand<string, 'Ip'>` is a string that only its constructor can make, so that text which was
 * never checked cannot be passed where a checked value is wanted.
 */
declare const brand: unique symbol

export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A list that has at least one element. */
export type NonEmpty<T> = readonly [T, ...T[]]

export const isNonEmpty = <T>(list: readonly T[]): list is NonEmpty<T> => list.length > 0
