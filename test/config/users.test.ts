import { describe, expect, test } from 'vitest'
import { LoginFailures } from '../../src/config/login-failures.ts'
import { Turns } from '../../src/config/turns.ts'
import { parseUsers, Users, userNameProblem } from '../../src/config/users.ts'
import { ConfigErrors } from '../../src/model/errors.ts'
import { ip } from '../support/fake-ports.ts'
import { never } from '../support/socket-pair.ts'
import { cheapHash, usersYaml } from './made-up-users.ts'

const faults = (text: string): string => {
  try {
    parseUsers(text, 'users.yaml')
  } catch (error) {
    if (error instanceof ConfigErrors) return error.message
    throw error
  }
  return 'no fault'
}

describe('the file', () => {
  test('names users, their groups and how their passwords are checked', () => {
    const text = `version: 1\nusers:\n  - { name: anna@example.com, password: "${cheapHash('open sesame')}" }\n`
    const [anna, ...others] = parseUsers(`${text}  - { name: bob, groups: [staff, it], password: "${cheapHash('x')}" }\n`, 'users.yaml')
    expect(anna).toMatchObject({ name: 'anna@example.com', groups: [], password: { ln: 14 } })
    expect(others).toMatchObject([{ name: 'bob', groups: ['staff', 'it'] }])
  })

  test('may be of nobody', () => {
    expect(parseUsers('version: 1\nusers: []\n', 'users.yaml')).toEqual([])
  })

  test('has all its faults told at once, each with its place, and none quotes a password', () => {
    const hash = cheapHash('open sesame')
    const text = [
      'version: 1',
      'users:',
      `  - { name: anna, password: "${hash}" }`,
      '  - { name: bob, password: secret-in-clear }',
      `  - { name: anna, password: "${hash}" }`,
      `  - { name: carl, password: "${hash.replace('ln=14', 'ln=30')}" }`,
      '',
    ].join('\n')
    expect(faults(text)).toBe(
      [
        'users.yaml:4:28 users[1].password: is not a hash such as $scrypt$ln=15,r=8,p=1$…$… ("ringfence users add" writes it; a password in clear is not read)',
        'users.yaml:5:13 users[2].name: users[0] is called "anna" already',
        'users.yaml:6:29 users[3].password: is too dear: scrypt may fill at most 128 MiB (ln=17,r=8)',
      ].join('\n'),
    )
  })

  test.each([
    ['', '"version" is missing: write "version: 1"'],
    ['version: 1', '"users" is missing'],
    ['version: 1\nusers: [{ name: a }]', 'users[0]: "password" is missing: it must be a hash that "ringfence users add" wrote'],
    ['version: 1\nusers: [{ name: a, password: 12345678 }]', 'users[0].password: must be a hash that "ringfence users add" wrote'],
    ['version: 1\nusers: [{ name: a, passwort: geheim }]', 'users[0]: "passwort" is not a word of this file, did you mean "password"?'],
    ['version: 1\nusers: [{ name: anonymous, password: x }]', 'users[0].name: must not be "anonymous"'],
    ['version: 1\nusers: [{ name: "a:b", password: x }]', 'users[0].name: must be lower-case letters'],
    ['version: 1\nusers: [{ name: a, groups: [IT], password: x }]', 'users[0].groups[0]: must be lower-case letters'],
  ])('%j is faulty', (text, fault) => {
    expect(faults(text)).toContain(fault)
    expect(faults(text)).not.toMatch(/geheim|12345678/)
  })
})

test.each(['anna', 'anna.b', 'a_b', 'anna@example.com', '007', 'x'.repeat(64)])('%s can be a user', (name) => {
  expect(userNameProblem(name)).toBeNull()
})

test.each(['', 'Anna', 'a b', 'a:b', '.a', 'anonymous', 'ä', 'a\n', 'x'.repeat(65)])('%j can be none', (name) => {
  expect(userNameProblem(name)).toMatch(/^must /)
})

describe('a login', () => {
  const here = ip('10.0.0.9')
  const own = () => new AbortController().signal
  const users = (passwords: Readonly<Record<string, string>>, atOnce = 2, perMinute = 1_000) => {
    const failures = new LoginFailures(
      perMinute,
      () => 0,
      () => {},
    )
    return new Users(parseUsers(usersYaml(passwords), 'users.yaml'), new Turns(atOnce), failures)
  }
  const timed = async (work: () => Promise<unknown>) => {
    const startedAt = performance.now()
    await work()
    return performance.now() - startedAt
  }

  test('is good with the password of the user, and tells the groups', async () => {
    const some = users({ anna: 'pä:ss wort', bob: 'other' })
    expect(await some.verify('anna', 'pä:ss wort', here, never)).toEqual({ name: 'anna', groups: ['staff'], by: 'password' })
    expect([some.has('anna'), some.has('carl')]).toEqual([true, false])
  })

  test.each([
    ['another password', 'anna', 'wrong'],
    ['the password of somebody else', 'anna', 'other'],
    ['an empty password', 'anna', ''],
    ['an unknown user', 'carl', 'open sesame'],
    ['a name that differs in case', 'Anna', 'open sesame'],
    ['no name', '', ''],
    ['a name of the language', '__proto__', 'open sesame'],
  ])('is none with %s', async (_, name, password) => {
    expect(await users({ anna: 'open sesame', bob: 'other' }).verify(name, password, here, never)).toBeNull()
  })

  test('a letter of the name is none of the password', async () => {
    const some = users({ a: 'bc-open sesame', ab: 'c-open sesame' })
    expect(await some.verify('a', 'bc-open sesame', here, never)).toMatchObject({ name: 'a' })
    expect(await some.verify('ab', 'bc-open sesame', here, never)).toBeNull()
    expect(await some.verify('ab', 'c-open sesame', here, never)).toMatchObject({ name: 'ab' })
  })

  test('where there are no users nobody logs in', async () => {
    expect(await users({}).verify('anna', 'x', here, never)).toBeNull()
  })

  test('costs as much for an unknown user as for a known one', async () => {
    const some = users({ anna: 'open sesame' })
    await some.verify('anna', 'warm', here, never)
    const times = { known: [] as number[], unknown: [] as number[] }
    for (let i = 0; i < 8; i++) {
      times.known.push(await timed(() => some.verify('anna', `wrong ${i}`, here, never)))
      times.unknown.push(await timed(() => some.verify(`nobody-${i}`, 'wrong', here, never)))
    }
    // The fastest of each, since a busy machine only ever adds: without the stand-in this would be a thousandth.
    const ratio = Math.min(...times.unknown) / Math.min(...times.known)
    expect(ratio).toBeGreaterThan(0.4)
    expect(ratio).toBeLessThan(2.5)
  })

  test('that succeeded before costs next to nothing, one that failed costs as before', async () => {
    const some = users({ anna: 'open sesame' })
    const first = await timed(() => some.verify('anna', 'open sesame', here, never))
    const again = Math.min(...(await Promise.all([1, 2, 3].map(() => timed(() => some.verify('anna', 'open sesame', here, never))))))
    expect(again).toBeLessThan(first / 5)
    await some.verify('anna', 'wrong', here, never)
    expect(await timed(() => some.verify('anna', 'wrong', here, never))).toBeGreaterThan(again * 5)
  })

  test('of many at once is checked once', async () => {
    const some = users({ anna: 'open sesame' }, 1)
    const once = await timed(() => users({ anna: 'open sesame' }).verify('anna', 'open sesame', here, never))
    const all = await timed(() => Promise.all(Array.from({ length: 30 }, () => some.verify('anna', 'open sesame', here, own()))))
    expect(all).toBeLessThan(once * 15)
  })

  test('gives up its turn when its time is over', async () => {
    const some = users({ anna: 'open sesame' }, 1)
    const running = some.verify('anna', 'open sesame', here, never)
    const late = new AbortController()
    const waiting = some.verify('anna', 'wrong', here, late.signal)
    late.abort(new Error('too late'))
    await expect(waiting).rejects.toThrow('too late')
    expect(await running).toMatchObject({ name: 'anna' })
  })

  test('is not checked once too many of this client have failed, unless it succeeded before', async () => {
    const some = users({ anna: 'open sesame', bob: 'other' }, 2, 3)
    expect(await some.verify('anna', 'open sesame', here, never)).toMatchObject({ name: 'anna' })
    for (const name of ['bob', 'carl', 'dora']) expect(await some.verify(name, 'wrong', here, never)).toBeNull()
    expect(await some.verify('bob', 'other', here, never)).toEqual({ retryAfterMs: 20_000 })
    expect(await some.verify('nobody', 'other', here, never)).toEqual({ retryAfterMs: 20_000 })
    expect(await some.verify('anna', 'open sesame', here, never)).toMatchObject({ name: 'anna' })
    expect(await some.verify('bob', 'other', ip('10.0.0.7'), never)).toMatchObject({ name: 'bob' })
  })

  test('is not checked either where the others of a flood have failed by its turn', async () => {
    const some = users({ anna: 'open sesame' }, 2, 3)
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => some.verify('anna', `guess ${i}`, here, own())))
    expect(all.filter((outcome) => outcome === null).length).toBeLessThanOrEqual(4)
  })

  test('is not kept waiting by a flood from elsewhere', async () => {
    const some = users({ anna: 'open sesame' }, 1)
    let failed = 0
    const flood = Array.from({ length: 20 }, (_, i) => some.verify('anna', `guess ${i}`, ip('10.0.0.66'), own()).then(() => failed++))
    expect(await some.verify('anna', 'open sesame', here, never)).toMatchObject({ name: 'anna' })
    expect(failed).toBeLessThan(3)
    await Promise.all(flood)
  })

  test('nor by one from all addresses of an IPv6 network', async () => {
    const some = users({ anna: 'open sesame' }, 1)
    let failed = 0
    const from = (i: number) => ip(`2001:db8:0:66::${i.toString(16)}`)
    const flood = Array.from({ length: 20 }, (_, i) => some.verify('anna', `guess ${i}`, from(i + 1), own()).then(() => failed++))
    expect(await some.verify('anna', 'open sesame', ip('2001:db8:0:1::9'), never)).toMatchObject({ name: 'anna' })
    expect(failed).toBeLessThan(3)
    await Promise.all(flood)
  })
})
