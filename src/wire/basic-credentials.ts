/**
 * A name and a password as HTTP's Basic scheme writes them (RFC 7617 §2): `Basic` and base64 of `name:password` in
 * UTF-8. Strict: of several readings of one text, a proxy and whoever logs for it must not take different ones. What
 * is wrong never quotes the value, which holds the password.
 */
import { utf8 } from './text.ts'

export interface BasicCredentials {
  readonly name: string
  readonly password: string
}

export type BasicProblem = { readonly problem: string }

export function parseBasicCredentials(value: string): BasicCredentials | BasicProblem {
  const [, scheme = '', rest = ''] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?: +(.*))?$/.exec(value) ?? []
  if (scheme.toLowerCase() !== 'basic') return { problem: 'the login is not of the scheme Basic' }
  const bytes = base64(rest)
  if (bytes === null) return { problem: 'the login is not base64' }
  const text = utf8(bytes)
  if (text === null) return { problem: 'the login is not UTF-8' }
  // RFC 7617 §2: neither may hold a control character.
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return { problem: 'the login holds a control character' }
  const colon = text.indexOf(':')
  if (colon < 0) return { problem: 'the login has no colon between name and password' }
  return { name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The value of the field. Throws on a name with a colon, where the name would end: the settings are checked for it. */
export function encodeBasicCredentials({ name, password }: BasicCredentials): string {
  if (name.includes(':')) throw new Error('a name with a colon has no form in HTTP Basic')
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** RFC 4648 §4, and nothing that only nearly is: no other alphabet, no white space, no padding left out, no bits left over. */
function base64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}
