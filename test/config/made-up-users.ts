/** Users for tests: hashes of the least permitted cost, made once for each password. */
import { scryptSync } from 'node:crypto'
import { formatPasswordHash, type PasswordHash, parsePasswordHash } from '../../src/config/password-hash.ts'

const salt = Buffer.alloc(16, 7)
const made = new Map<string, string>()

export function cheapHash(password: string): string {
  const known = made.get(password)
  if (known !== undefined) return known
  const cost = { N: 2 ** 14, r: 8, p: 1 }
  const text = formatPasswordHash({ ln: 14, r: 8, p: 1, salt, hash: scryptSync(password.normalize('NFC'), salt, 32, cost) })
  made.set(password, text)
  return text
}

export function parsedHash(password: string): PasswordHash {
  const parsed = parsePasswordHash(cheapHash(password))
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

/** `users.yaml` of these passwords, by name; all are in these groups. */
export const usersYaml = (passwords: Readonly<Record<string, string>>, groups = '[staff]'): string =>
  [
    'version: 1',
    Object.keys(passwords).length === 0 ? 'users: []' : 'users:',
    ...Object.entries(passwords).map(([name, password]) => `  - { name: ${name}, groups: ${groups}, password: "${cheapHash(password)}" }`),
    '',
  ].join('\n')
