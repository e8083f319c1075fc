import { scryptSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPasswordHash, hashPassword, isPassword, parsePasswordHash } from '../../src/config/password-hash.ts'
import { property } from '../wire/support.ts'

const salt = Buffer.alloc(16, 1)
const hash = Buffer.alloc(32, 2)
const written = (ln: number, r: number, p: number, s: Uint8Array = salt, h: Uint8Array = hash) =>
  formatPasswordHash({ ln, r, p, salt: s, hash: h })
const read = (text: string) => {
  const parsed = parsePasswordHash(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

describe('a hash', () => {
  test('says how it was made, and knows its password and no other', async () => {
    const text = formatPasswordHash(await hashPassword('open sesame'))
    expect(text).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await isPassword('open sesame', read(text))).toBe(true)
    expect(await isPassword('open sesame ', read(text))).toBe(false)
    expect(await isPassword('', read(text))).toBe(false)
  })

  test('is another one each time', async () => {
    const [first, second] = [await hashPassword('the same'), await hashPassword('the same')]
    expect(Buffer.from(first.salt)).not.toEqual(Buffer.from(second.salt))
    expect(Buffer.from(first.hash)).not.toEqual(Buffer.from(second.hash))
  })

  test('is the scrypt of RFC 7914, at any cost within the bounds and of any length', async () => {
    const made = { ln: 14, r: 9, p: 2, salt, hash: scryptSync('pass', salt, 48, { N: 2 ** 14, r: 9, p: 2, maxmem: 2 ** 27 }) }
    expect(await isPassword('pass', read(formatPasswordHash(made)))).toBe(true)
  })

  test('takes a letter and its accent for the letter with the accent, as keyboards write both', async () => {
    expect(await isPassword('Zu\u0308rich-8001', await hashPassword('Z\u00fcrich-8001'))).toBe(true)
  })
})

describe('what is not read', () => {
  test.each([
    ['a password in clear', 'open sesame'],
    ['nothing', ''],
    ['another scheme', `$argon2id$v=19$m=65536,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`],
    ['a number with a zero before it', written(15, 8, 1).replace('r=8', 'r=08')],
    ['other parameters', written(15, 8, 1).replace('p=1', 'p=1,x=1')],
    ['padding', `${written(15, 8, 1)}=`],
    ['bits left over', `${written(15, 8, 1).slice(0, -1)}J`],
    ['more behind it', `${written(15, 8, 1)}$x`],
    ['a line end', `${written(15, 8, 1)}\n`],
  ])('%s', (_, text) => {
    const parsed = parsePasswordHash(text)
    expect(parsed).toEqual({ problem: expect.stringMatching(/^is not a hash such as \$scrypt\$ln=15,r=8,p=1\$…\$…/) })
  })

  test.each([
    ['4 GiB', written(25, 8, 1), /at most 128 MiB/],
    ['a little too much memory', written(17, 9, 1), /at most 128 MiB/],
    ['10 s', written(15, 8, 99), /eight times as long/],
    ['a little too much time', written(15, 8, 9), /eight times as long/],
    ['a cost that is soon guessed', written(13, 8, 1), /at least 16 MiB/],
    ['a short salt', written(15, 8, 1, salt.subarray(1)), /salt/],
    ['a short hash', written(15, 8, 1, salt, hash.subarray(1)), /hash/],
    ['a long hash', written(15, 8, 1, salt, Buffer.alloc(65)), /hash/],
  ])('%s', (_, text, problem) => {
    expect(parsePasswordHash(text)).toEqual({ problem: expect.stringMatching(problem) })
  })

  test('the dearest that is read is the dearest that OWASP asks for', () => {
    expect(read(written(17, 8, 1))).toMatchObject({ ln: 17 })
    expect(read(written(15, 8, 3))).toMatchObject({ p: 3 })
  })
})

property('what is read is written as it was, and costs what is permitted', fc.nat(99), fc.nat(99), fc.nat(99), (ln, r, p) => {
  const text = written(ln, r, p)
  const parsed = parsePasswordHash(text)
  if ('problem' in parsed) return
  expect(formatPasswordHash(parsed)).toBe(text)
  expect(128 * 2 ** parsed.ln * parsed.r).toBeLessThanOrEqual(128 * 1024 * 1024)
  expect(2 ** parsed.ln * parsed.r * parsed.p).toBeLessThanOrEqual(2 ** 21)
})

property('any text is read or has a problem, which is one of ours whatever the text', fc.string(), (text) => {
  const parsed = parsePasswordHash(`$scrypt$ln=15,r=8,p=1$${text}`)
  if ('problem' in parsed) expect(parsed.problem).toMatch(/^(is not a hash such as|has a (salt|hash) that is not of) /)
})
