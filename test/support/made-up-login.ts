/** Logins without scrypt: what a door does with them is the same. */
import type { Login } from '../../src/inbound/door.ts'

export interface MadeUpLogin extends Login {
  /** How often it was asked. */
  readonly asked: number
}

/** Users by name and password, all of the group `staff`; `never`: the check does not end by itself. */
export function loginOf(passwords: Readonly<Record<string, string>>, never = false): MadeUpLogin {
  let asked = 0
  return {
    get asked() {
      return asked
    },
    has: (name) => Object.hasOwn(passwords, name),
    async authenticate(name, password, _from, signal) {
      asked++
      signal.throwIfAborted()
      if (never) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return Object.hasOwn(passwords, name) && passwords[name] === password ? { name, groups: ['staff'], by: 'password' } : null
    },
  }
}

export const basic = (text: string): string => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}`
